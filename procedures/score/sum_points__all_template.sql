-- Internal. Totals of everybody, in one parallel pass over the ledger; see
-- sum_points__some_template. generate_totals makes the routine sum_points__all from this template.
-- Reads: award, score_rule, employment.
create or replace function engagement.sum_points__all_template(
    p_as_of timestamptz, p_is_employees boolean
)
returns setof engagement.period_total
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set parallel_tuple_cost = 0
set parallel_setup_cost = 0
set jit = off
as $$
#variable_conflict use_column
declare
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_today date := (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_special integer[] := engagement.capping_or_fading_rules();
    -- Somebody has set up a category.
    v_is_divided boolean := p_is_employees and (
        exists (select from engagement.category c
                where not c.counts_in_total or c.cap_points is not null or c.is_ranked)
        or exists (select from engagement.score_band b where b.category_code is not null));
    v_people text[] := '{}';
    v_ytd_from timestamptz;
    v_ytd_next timestamptz;
    v_overview_from timestamptz;
begin
    if p_is_employees and (engagement.parameter('CALCULATE_EMPLOYER_ENGAGEMENT_SCORE') = 'N'
                           or engagement.parameter('ROLLUP_EMPLOYEES_TO_EMPLOYER') = 'N') then
        return;
    end if;
    select c.ytd_from, c.ytd_next, c.overview_from
    into v_ytd_from, v_ytd_next, v_overview_from
    from engagement.period_bounds(p_as_of) c;

    -- The customers whose awards may be capped or fade.
    if v_special <> '{}' then
        select coalesce(array_agg(distinct w.customer_id::text), '{}') into v_people
        from engagement.award w
        where w.voided_at is null and w.rule_id = any (v_special);
    end if;

    return query
    with job as (
        select j.* from engagement.current_jobs(null, v_today) j
        where p_is_employees and v_is_current
    ),
    counting_in_hand as (
        select w.customer_id as holder_id, r.category_code, w.points, w.effective_at, w.expires_at,
               null::integer as half_life_weeks, null::integer[] as inactivity_steps,
               null::tstzmultirange as active_in
        from engagement.award w
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where not p_is_employees and w.rule_id <> all (v_special) and w.voided_at is null
        union all
        select w.employer_id, case when v_is_divided then w.rule_id::text end, w.points,
               w.effective_at, w.expires_at, null, null, null
        from engagement.award w
        where p_is_employees and not v_is_current and w.customer_id <> w.employer_id
              and w.rule_id <> all (v_special) and w.voided_at is null
        union all
        select j.employer_id, case when v_is_divided then w.rule_id::text end, w.points,
               w.effective_at, w.expires_at, null, null, null
        from job j
        inner join engagement.award w
            on w.customer_id = j.employee_id and w.voided_at is null
        where p_is_employees and v_is_current and w.customer_id <> j.employer_id
              and w.rule_id <> all (v_special)
        union all
        select case when not p_is_employees then w.customer_id
                    when v_is_current then j.employer_id
                    else w.employer_id end,
               case when not p_is_employees then w.category_code
                    when v_is_divided then w.rule_id::text end,
               w.capped_points, w.effective_at, w.expires_at, w.half_life_weeks,
               w.inactivity_steps, w.active_in
        from engagement.counted_awards(
            p_customer_ids => v_people::engagement.host_key[], p_rule_ids => v_special) w
        left join job j on j.employee_id = w.customer_id
        where not p_is_employees
              or (v_is_current and j.employer_id <> w.customer_id)
              or (not v_is_current and w.employer_id <> w.customer_id
                  and w.employer_id is not null)
    ),
    part as (
        select s.*
        from engagement.summed__template(p_as_of, v_ytd_from, v_ytd_next, v_overview_from) s
    ),
    total as (
        select p.holder_id, p.category_code, p.score, p.ytd_score, p.overview_score,
               least(p.changes_at, p.leaves_year_at,
                     engagement.leaves_overview_at(p.oldest_overview_at)) as next_change_at
        from part p
        where not v_is_divided
        union all
        select p.holder_id, r.category_code, sum(p.score), sum(p.ytd_score), sum(p.overview_score),
               least(min(p.changes_at), min(p.leaves_year_at),
                     engagement.leaves_overview_at(min(p.oldest_overview_at)))
        from part p
        inner join engagement.score_rule r on r.rule_id = p.category_code::integer
        where v_is_divided
        group by p.holder_id, r.category_code
    ),
    moved as (
        select m.employer_id as holder_id, m.next_change_at
        from engagement.next_job_changes(null, v_today) m
        where p_is_employees and v_is_current
    )
    select coalesce(t.holder_id, m.holder_id), t.category_code, coalesce(t.score, 0),
           coalesce(t.ytd_score, 0), coalesce(t.overview_score, 0),
           least(t.next_change_at, m.next_change_at)
    from total t
    full join moved m on m.holder_id = t.holder_id;
end
$$;
comment on function engagement.sum_points__all_template(timestamptz, boolean) is
    'Internal: template: totals of everybody at p_as_of, by category. p_is_employees: totals '
    'of companies'' employees; no rows if the roll-up is switched off. Their category is NULL '
    'unless somebody has set up a category; and where only a change of jobs is '
    'known.';
