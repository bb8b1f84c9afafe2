-- Internal. Outcomes with the scores that their points make, as merged_totals does. Without points
-- that is 0, or SCORE_FLOOR.
-- Reads: category.
create or replace function engagement.scored_outcomes(
    p_outcomes engagement.scored_outcome[], p_points engagement.outcome_point[]
)
returns engagement.scored_outcome[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
begin
    return array(
        select row(o.outcome_number, o.customer_id, o.scored_at, o.happened, o.value,
                   engagement.bounded_total(coalesce(t.points, 0), v_bounds.floor_points,
                                            v_bounds.cap_points))::engagement.scored_outcome
        from unnest(p_outcomes) o
        left join (
            select p.outcome_number,
                   sum(engagement.counted_part(p.points, c.counts_in_total, c.cap_points)) as points
            from (
                select u.outcome_number, u.category_code, sum(u.points) as points
                from unnest(p_points) u
                group by u.outcome_number, u.category_code
            ) p
            left join engagement.category c on c.category_code = p.category_code
            group by p.outcome_number
        ) t on t.outcome_number = o.outcome_number
        order by o.outcome_number);
end
$$;
comment on function engagement.scored_outcomes(
    engagement.scored_outcome[], engagement.outcome_point[]
) is
    'Internal: these outcomes in the order of their numbers, each with the total of its points as '
    'its score.';
