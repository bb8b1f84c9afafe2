-- Internal. THE sum of a customer's own points, at each of some instants: what counts then in the
-- total, of the awards on record at p_known_at. Awards are read and capped once, for all instants.
-- If no rule caps or fades and every category counts as a whole, it takes the short way. Both ways
-- keep their plans: unnest(p_instants) would seem cheaper with a known number of instants than with
-- any number, and would be planned anew at each call.
-- Reads: award, awards_of_customers, counted_awards, score_rule, category.
create or replace function engagement.own_points_at(
    p_customer_id engagement.host_key,
    p_instants timestamptz[],
    p_known_at timestamptz default 'infinity'
)
returns numeric[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if exists (select from engagement.score_rule r
               where r.cap_points is not null or r.half_life_weeks is not null
                     or r.inactivity_steps <> '{}')
       or exists (select from engagement.category c
                  where not c.counts_in_total or c.cap_points is not null
                        or c.inactivity_steps is not null)
    then
        return array(
            select (
                select coalesce(sum(engagement.counted_part(t.points, c.counts_in_total,
                                                            c.cap_points)), 0)
                from (
                    select w.category_code,
                           sum(engagement.faded_points(
                               w.capped_points, w.effective_at, w.half_life_weeks,
                               w.inactivity_steps, w.active_in, p_instants[i.number])) as points
                    from engagement.counted_awards(array[p_customer_id]::engagement.host_key[],
                                                   p_known_at) w
                    where engagement.counts_at(w.effective_at, w.expires_at, p_instants[i.number])
                    group by w.category_code
                ) t
                left join engagement.category c on c.category_code = t.category_code
            )
            from generate_subscripts(p_instants, 1) i (number)
            order by i.number
        );
    end if;
    if cardinality(p_instants) = 1 then
        return array[(
            select coalesce(sum(w.points), 0)
            from engagement.award w
            where w.customer_id = p_customer_id
                  and engagement.counts_at(w.effective_at, w.expires_at, p_instants[1])
                  and w.recorded_at <= p_known_at
                  and (w.voided_at is null or w.voided_at > p_known_at)
        )];
    end if;
    return array(
        select coalesce(sum(w.points) filter (
                   where engagement.counts_at(w.effective_at, w.expires_at, i.at)), 0)
        from unnest((select p_instants)) with ordinality i (at, number)
        left join engagement.awards_of_customers(
            null, array[p_customer_id]::engagement.host_key[], null) w
            on w.recorded_at <= p_known_at and (w.voided_at is null or w.voided_at > p_known_at)
        group by i.number
        order by i.number
    );
end
$$;
comment on function engagement.own_points_at(engagement.host_key, timestamptz[], timestamptz) is
    'Internal: own points of a customer that count in the total at each of p_instants, in their '
    'order, as the ledger knew them at p_known_at, whatever SCORE_FLOOR and TOTAL_CAP are; 0 for '
    'an unknown customer.';
