-- Internal. The points that counted when outcomes were scored, of the awards that were on record at
-- that instant. Which awards fill a cap depends on the record of each instant, so the awards are
-- capped anew for each outcome. That takes far longer than outcome_points.
-- Reads: award, counted_awards, category, outcome_jobs.
create or replace function engagement.known_points(
    p_outcomes engagement.scored_outcome[], p_rules engagement.score_rule[]
)
returns setof engagement.outcome_point
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
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
    with earner as (
        select o.outcome_number, o.customer_id, o.scored_at, o.customer_id as earner_id,
               false as is_employee
        from unnest(p_outcomes) o
        union all
        select distinct o.outcome_number, o.customer_id, o.scored_at, w.customer_id, true
        from unnest(p_outcomes) o
        inner join engagement.award w
            on w.employer_id = o.customer_id and w.customer_id <> o.customer_id
        where v_attribution = 'AT_ACTIVITY' and w.recorded_at <= o.scored_at
        union all
        select j.outcome_number, j.customer_id, j.scored_at, j.employee_id, true
        from engagement.outcome_jobs(p_outcomes) j
        where v_attribution = 'CURRENT'
    ),
    holder as (
        select e.outcome_number, e.customer_id, e.scored_at, e.is_employee,
               array_agg(e.earner_id) as earner_ids
        from earner e
        group by e.outcome_number, e.customer_id, e.scored_at, e.is_employee
    ),
    summed as (
        select h.outcome_number, case when not h.is_employee then w.rule_id end as rule_id,
               sum(engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                           w.inactivity_steps, w.active_in, h.scored_at)) as points
        from holder h
        cross join lateral engagement.counted_awards(
            p_customer_ids => h.earner_ids, p_known_at => h.scored_at) w
        where engagement.counts_at(w.effective_at, w.expires_at, h.scored_at)
              and (not h.is_employee or v_attribution = 'CURRENT'
                   or w.employer_id = h.customer_id)
              and (not h.is_employee or w.rule_id <> all (v_uncounted))
        group by h.outcome_number, case when not h.is_employee then w.rule_id end
    )
    select s.outcome_number, r.category_code, r.rule_code, s.points
    from summed s
    left join unnest(p_rules) r on r.rule_id = s.rule_id;
end
$$;
comment on function engagement.known_points(
    engagement.scored_outcome[], engagement.score_rule[]
) is
    'Internal: points that counted at the scored_at of each outcome, of awards on record at that '
    'instant, by version of a rule; p_rules: all versions.';
