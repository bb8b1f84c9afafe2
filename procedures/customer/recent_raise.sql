-- Internal. Whether a score was raised recently: it is higher than RAISED_RECENTLY_DAYS ago, and
-- activity in between has earned points. Both sums use the same ledger, so a rule change or a
-- correction alters both alike. An adjustment is not activity.
-- Reads: award, score_rule, own_points_at.
create or replace function engagement.recent_raise(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity',
    out raised_recently boolean,
    out raised_by numeric,
    out raised_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_before timestamptz := engagement.recent_from(p_as_of);
    v_points numeric[];
begin
    select max(w.effective_at) into raised_at
    from engagement.award w
    inner join engagement.score_rule r on r.rule_id = w.rule_id
    where w.customer_id = p_customer_id and w.points > 0
          and not engagement.is_by_hand(r.engagement_type)
          and w.effective_at > v_before and w.effective_at <= p_as_of
          and w.recorded_at <= p_known_at and (w.voided_at is null or w.voided_at > p_known_at);
    v_points := engagement.own_points_at(p_customer_id, array[v_before, p_as_of], p_known_at);
    raised_by := v_points[2] - v_points[1];
    raised_recently := raised_at is not null and raised_by > 0;
    if not raised_recently then
        raised_by := null;
        raised_at := null;
    end if;
end
$$;
comment on function engagement.recent_raise(engagement.host_key, timestamptz, timestamptz) is
    'Internal: whether the own score at p_as_of exceeds the score RAISED_RECENTLY_DAYS earlier '
    'through activity in between; by how many points, and when the latest such activity took place '
    '(NULL: not raised).';
