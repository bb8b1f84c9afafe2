-- API. A score is a sum of awards at an instant. It has two clocks: what counts at p_as_of, as on
-- record at p_known_at. If no rule caps or fades, it takes the short way.
-- Reads: award, score_rule, counted_awards.
create or replace function engagement.score_at(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if engagement.capping_or_fading_rules() <> '{}' then
        return (
            select coalesce(sum(engagement.faded_points(w.capped_points, w.effective_at,
                                                        w.half_life_weeks, p_as_of)), 0)
            from engagement.counted_awards(array[p_customer_id]::engagement.host_key[],
                                           p_known_at) w
            where engagement.counts_at(w.effective_at, w.expires_at, p_as_of)
        );
    end if;
    return (
        select coalesce(sum(w.points), 0)
        from engagement.award w
        where w.customer_id = p_customer_id
              and engagement.counts_at(w.effective_at, w.expires_at, p_as_of)
              and w.recorded_at <= p_known_at and (w.voided_at is null or w.voided_at > p_known_at)
    );
end
$$;
comment on function engagement.score_at(engagement.host_key, timestamptz, timestamptz) is
    'Own points of a customer that count at p_as_of, as the ledger knew them at p_known_at; 0 for '
    'an unknown customer.';
