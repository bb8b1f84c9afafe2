-- Internal. The points that counted when outcomes were scored, by rule, from the ledger as it is
-- now. An award that became effective later does not count, and a cap takes its points from the
-- later awards only, so everybody's capped awards serve all instants. A company also has the points
-- of its people, as sum_points__some says it. With p_is_tried the awards of the rules
-- p_changed_ids are those that try_rules has derived, instead of those on record.
-- Reads: live_awards, previewed_awards, category, outcome_jobs.
create or replace function engagement.outcome_points(
    p_outcomes engagement.scored_outcome[], p_rules engagement.score_rule[],
    p_changed_ids integer[] default '{}', p_is_tried boolean default false
)
returns setof engagement.outcome_point
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_attribution text := engagement.employees_attribution();
    -- What people earn by these is in no total.
    v_uncounted constant integer[] := array(
        select r.rule_id
        from unnest(p_rules) r
        inner join engagement.category c on c.category_code = r.category_code
        where not c.counts_in_total);
begin
    return query
    with outcome as materialized (
        select o.outcome_number, o.customer_id, o.scored_at from unnest(p_outcomes) o
    ),
    award as materialized (
        select w.customer_id, w.employer_id, w.rule_id, w.capped_points, w.effective_at,
               w.expires_at, w.half_life_weeks, w.inactivity_steps, w.active_in
        from engagement.live_awards() w
        where w.rule_id <> all (p_changed_ids)
        union all
        select w.* from engagement.previewed_awards() w where p_is_tried
    ),
    counting as (
        select o.outcome_number, w.rule_id, w.capped_points, w.effective_at, w.half_life_weeks,
               w.inactivity_steps, w.active_in, o.scored_at
        from outcome o
        inner join award w on w.customer_id = o.customer_id
        where engagement.counts_at(w.effective_at, w.expires_at, o.scored_at)
        union all
        select o.outcome_number, null, w.capped_points, w.effective_at, w.half_life_weeks,
               w.inactivity_steps, w.active_in, o.scored_at
        from outcome o
        inner join award w on w.employer_id = o.customer_id
        where v_attribution = 'AT_ACTIVITY' and w.customer_id <> o.customer_id
              and w.rule_id <> all (v_uncounted)
              and engagement.counts_at(w.effective_at, w.expires_at, o.scored_at)
        union all
        select j.outcome_number, null, w.capped_points, w.effective_at, w.half_life_weeks,
               w.inactivity_steps, w.active_in, j.scored_at
        from engagement.outcome_jobs(p_outcomes) j
        inner join award w on w.customer_id = j.employee_id
        where v_attribution = 'CURRENT' and w.rule_id <> all (v_uncounted)
              and engagement.counts_at(w.effective_at, w.expires_at, j.scored_at)
    ),
    summed as (
        select c.outcome_number, c.rule_id,
               sum(engagement.faded_points(c.capped_points, c.effective_at, c.half_life_weeks,
                                           c.inactivity_steps, c.active_in, c.scored_at)) as points
        from counting c
        group by c.outcome_number, c.rule_id
    )
    select s.outcome_number, r.category_code, r.rule_code, s.points
    from summed s
    left join unnest(p_rules) r on r.rule_id = s.rule_id;
end
$$;
comment on function engagement.outcome_points(
    engagement.scored_outcome[], engagement.score_rule[], integer[], boolean
) is
    'Internal: points that counted at the scored_at of each outcome, by version of a rule; '
    'p_rules: all versions. p_is_tried: those of p_changed_ids as try_rules has derived them.';
