-- Internal. Outcomes with the scores that their points add up to. Without points the score is 0.
create or replace function engagement.scored_outcomes(
    p_outcomes engagement.scored_outcome[], p_points engagement.outcome_point[]
)
returns engagement.scored_outcome[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
as $$
begin
    return array(
        select row(o.outcome_number, o.customer_id, o.scored_at, o.happened, o.value,
                   coalesce(t.points, 0))::engagement.scored_outcome
        from unnest(p_outcomes) o
        left join (
            select p.outcome_number, sum(p.points) as points
            from unnest(p_points) p
            group by p.outcome_number
        ) t on t.outcome_number = o.outcome_number
        order by o.outcome_number);
end
$$;
comment on function engagement.scored_outcomes(
    engagement.scored_outcome[], engagement.outcome_point[]
) is
    'Internal: these outcomes in the order of their numbers, each with the sum of its points as '
    'its score.';
