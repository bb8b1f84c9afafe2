-- Internal. Overlay. Totals of some customers. sum_points__all does the same for everybody. Awards
-- count for the same customers as on one machine:
--   own points, by category: the customer's awards;
--   employees' points, AT_ACTIVITY: other people's awards that have the company as employer;
--   employees' points, CURRENT: all awards of people whose primary employer on the date of p_as_of
--   is the company.
-- The shards sum each kind of awards; then the coordinator adds up these sums. This includes the
-- awards of rules that cap or fade: a window of capped__template holds the awards of one customer,
-- so the shards can compute it. "here" is a table of the coordinator: Citus might execute a CTE of
-- functions alone on a node, which does not have them. generate_totals makes the routine
-- sum_points__some from this template.
-- Reads: award, score_rule, employment.
create or replace function engagement.sum_points__some_template(
    p_customer_ids engagement.host_key[],
    p_as_of timestamptz,
    p_is_employees boolean,
    p_is_by_category boolean default false
)
returns setof engagement.period_total
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_today date := (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_special integer[] := engagement.capping_or_fading_rules();
    -- The categories of employees' points are asked for, or somebody has set up a category.
    v_is_divided boolean := p_is_employees and (
        p_is_by_category
        or exists (select from engagement.category c
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
    if v_special <> '{}' and not p_is_employees then
        select coalesce(array_agg(distinct w.customer_id::text), '{}') into v_people
        from engagement.award w
        where w.customer_id = any (p_customer_ids) and w.voided_at is null
              and w.rule_id = any (v_special);
    elsif v_special <> '{}' and v_is_current then
        select coalesce(array_agg(j.employee_id::text), '{}') into v_people
        from engagement.current_jobs(p_customer_ids, v_today) j;
    elsif v_special <> '{}' then
        select coalesce(array_agg(distinct w.customer_id::text), '{}') into v_people
        from engagement.award w
        where w.employer_id = any (p_customer_ids) and w.voided_at is null
              and w.rule_id = any (v_special);
    end if;

    return query
    with job as materialized (
        select j.*
        from engagement.current_jobs(p_customer_ids, v_today) j
        cross join (select count(*) from engagement.activity_source) here
        where p_is_employees and v_is_current
    ),
    part as (
        select s.*
        from (
            with counting_in_hand as (
                select w.customer_id as holder_id, r.category_code, w.points, w.effective_at,
                       w.expires_at, null::integer as half_life_weeks,
                       null::integer[] as inactivity_steps, null::tstzmultirange as active_in
                from engagement.award w
                inner join engagement.score_rule r on r.rule_id = w.rule_id
                where not p_is_employees and w.customer_id = any (p_customer_ids)
                      and w.rule_id <> all (v_special) and w.voided_at is null
            )
            select s.*
            from engagement.summed__template(p_as_of, v_ytd_from, v_ytd_next, v_overview_from) s
        ) s
        union all
        select s.*
        from (
            with counting_in_hand as (
                select w.employer_id as holder_id,
                       case when v_is_divided then r.category_code end as category_code, w.points,
                       w.effective_at, w.expires_at, null::integer as half_life_weeks,
                       null::integer[] as inactivity_steps, null::tstzmultirange as active_in
                from engagement.award w
                inner join engagement.score_rule r on r.rule_id = w.rule_id
                where p_is_employees and not v_is_current
                      and w.employer_id = any (p_customer_ids)
                      and w.customer_id <> w.employer_id and w.rule_id <> all (v_special)
                      and w.voided_at is null
            )
            select s.*
            from engagement.summed__template(p_as_of, v_ytd_from, v_ytd_next, v_overview_from) s
        ) s
        union all
        select s.*
        from (
            with counting_in_hand as (
                select j.employer_id as holder_id,
                       case when v_is_divided then r.category_code end as category_code, w.points,
                       w.effective_at, w.expires_at, null::integer as half_life_weeks,
                       null::integer[] as inactivity_steps, null::tstzmultirange as active_in
                from job j
                inner join engagement.award w
                    on w.customer_id = j.employee_id and w.voided_at is null
                inner join engagement.score_rule r on r.rule_id = w.rule_id
                where p_is_employees and v_is_current and w.customer_id <> j.employer_id
                      and w.rule_id <> all (v_special)
            )
            select s.*
            from engagement.summed__template(p_as_of, v_ytd_from, v_ytd_next, v_overview_from) s
        ) s
        union all
        select s.*
        from (
            with capping_in_hand as (
                select w.*, r.category_code, r.engagement_type, r.rule_code, r.cap_points,
                       r.cap_period, r.half_life_weeks, r.inactivity_steps
                from engagement.award w
                inner join engagement.score_rule r on r.rule_id = w.rule_id
                where w.rule_id = any (v_special) and w.voided_at is null
                      -- Without such people no shard is asked.
                      and v_people <> '{}'
                      and w.customer_id = any (v_people::engagement.host_key[])
            ),
            counting_in_hand as (
                select case when not p_is_employees then w.customer_id
                            when v_is_current then j.employer_id
                            else w.employer_id end as holder_id,
                       case when v_is_divided or not p_is_employees then w.category_code end
                           as category_code,
                       w.capped_points as points, w.effective_at, w.expires_at, w.half_life_weeks,
                       w.inactivity_steps, w.active_in
                from engagement.kept__template() w
                left join job j on j.employee_id = w.customer_id
                where not p_is_employees
                      or (v_is_current and j.employer_id <> w.customer_id)
                      or (not v_is_current and w.employer_id <> w.customer_id
                          and w.employer_id in (select k.id from unnest(p_customer_ids) k (id)))
            )
            select s.*
            from engagement.summed__template(p_as_of, v_ytd_from, v_ytd_next, v_overview_from) s
        ) s
    ),
    total as (
        select p.holder_id, p.category_code, sum(p.score) as score, sum(p.ytd_score) as ytd_score,
               sum(p.overview_score) as overview_score,
               least(min(p.changes_at), min(p.leaves_year_at),
                     engagement.leaves_overview_at(min(p.oldest_overview_at))) as next_change_at
        from part p
        group by p.holder_id, p.category_code
    ),
    moved as materialized (
        select m.employer_id as holder_id, m.next_change_at
        from engagement.next_job_changes(p_customer_ids, v_today) m
        cross join (select count(*) from engagement.activity_source) here
        where p_is_employees and v_is_current
    )
    select coalesce(t.holder_id, m.holder_id), t.category_code, coalesce(t.score, 0),
           coalesce(t.ytd_score, 0), coalesce(t.overview_score, 0),
           least(t.next_change_at, m.next_change_at)
    from total t
    full join moved m on m.holder_id = t.holder_id;
end
$$;
comment on function engagement.sum_points__some_template(
    engagement.host_key[], timestamptz, boolean, boolean
) is
    'Internal: template: totals of these customers at p_as_of, by category. p_is_employees: totals '
    'of companies'' employees; no rows if the roll-up is switched off. Their category is NULL '
    'unless somebody has set up a category, or p_is_by_category; and where only a change of jobs '
    'is known.';
