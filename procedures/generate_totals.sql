-- Generates the routines that hold THE definition of totals: which awards belong to whom, and what
-- they add up to at an instant. Awards of rules that cap or fade count as capped_sql and
-- faded_points say; those of all others for their points, and these go the short way.
--   own points, by category: the customer's awards;
--   employees' points of a company, AT_ACTIVITY: other people's awards that carry it as employer;
--   the same, CURRENT: all awards of those whose primary employer it is on p_as_of's date.
-- Two routines of one text, because one plan cannot serve both a customer and a million:
--   sum_points__some      some customers, by index, with a plan that is kept;
--   sum_points__all  everybody, in one parallel pass over the ledger.
-- Writes: the two routines.
create or replace function engagement.generate_totals()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $generate$
declare
    -- {awards by COLUMN}: live awards whose column is one of the customers asked for. Of some they
    -- are looked up key by key: a bitmap of thousands of keys may outgrow work_mem, and would then
    -- compare every row of its pages with every key.
    -- {of COLUMN}: the same as a condition on employment; {in COLUMN}: on awards that were found
    -- already, by hash.
    v_some constant text := 'unnest(p_customer_ids) k (key) cross join lateral ('
        'select w.* from engagement.award w where w.\1 = k.key and w.voided_at is null offset 0)';
    v_all constant text :=
        '(select w.* from engagement.award w where w.\1 is not null and w.voided_at is null)';
    v_body constant text := $body$
declare
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_zone text := engagement.parameter('TIME_ZONE');
    v_today date := (p_as_of at time zone v_zone)::date;
    v_special integer[] := engagement.special_rules();
    v_people engagement.host_key[] := '{}';
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
    from engagement.calendar(p_as_of) c;

    -- Whose awards may be capped or fade.
    if v_special <> '{}' and not p_is_employees then
        v_people := array(
            select distinct w.customer_id from {awards by customer_id} w
            where w.rule_id = any (v_special));
    elsif v_special <> '{}' and v_is_current then
        v_people := array(
            select e.employee_id from engagement_host.employment e
            where e.is_primary and {of e.employer_id});
    elsif v_special <> '{}' then
        v_people := array(
            select distinct w.customer_id from {awards by employer_id} w
            where w.rule_id = any (v_special));
    end if;

    return query
    with job as (
        select distinct on (m.employee_id) m.employee_id::engagement.host_key as employee_id,
               m.employer_id::engagement.host_key as employer_id
        from engagement_host.employment m
        where p_is_employees and v_is_current and m.is_primary
              and m.employee_id in (select p.employee_id from engagement_host.employment p
                                    where {of p.employer_id})
              and (m.begin_on is null or m.begin_on <= v_today)
              and (m.end_on is null or m.end_on >= v_today)
        order by m.employee_id, m.begin_on desc nulls last, m.employer_id
    ),
    counted as (
        select w.customer_id as holder_id, r.category_code, w.points, w.effective_at, w.expires_at,
               null::integer as half_life_weeks
        from {awards by customer_id} w
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where not p_is_employees and w.rule_id <> all (v_special)
        union all
        select w.employer_id, null, w.points, w.effective_at, w.expires_at, null
        from {awards by employer_id} w
        where p_is_employees and not v_is_current and w.customer_id <> w.employer_id
              and w.rule_id <> all (v_special)
        union all
        select j.employer_id, null, w.points, w.effective_at, w.expires_at, null
        from job j
        cross join lateral (
            select w.* from engagement.award w
            where w.customer_id = j.employee_id and w.voided_at is null
            offset 0
        ) w
        where p_is_employees and v_is_current and {of j.employer_id}
              and w.customer_id <> j.employer_id and w.rule_id <> all (v_special)
        union all
        select case when not p_is_employees then w.customer_id
                    when v_is_current then j.employer_id
                    else w.employer_id end,
               case when not p_is_employees then w.category_code end,
               w.capped_points, w.effective_at, w.expires_at, w.half_life_weeks
        from engagement.counted_awards(p_customer_ids => v_people, p_rule_ids => v_special) w
        left join job j on j.employee_id = w.customer_id
        where v_people <> '{}'
              and (not p_is_employees
                   or v_is_current and {in j.employer_id}
                      and j.employer_id <> w.customer_id
                   or not v_is_current and {in w.employer_id}
                      and w.employer_id <> w.customer_id)
    ),
    total as (
        select c.holder_id, c.category_code,
               coalesce(sum(engagement.faded_points(c.points, c.effective_at, c.half_life_weeks,
                                                    p_as_of)) filter (
                   where c.effective_at <= p_as_of
                         and (c.expires_at is null or c.expires_at > p_as_of)), 0) as score,
               coalesce(sum(c.points) filter (
                   where c.effective_at >= v_ytd_from
                         and c.effective_at <= p_as_of), 0) as ytd_score,
               coalesce(sum(c.points) filter (
                   where c.effective_at >= v_overview_from
                         and c.effective_at <= p_as_of), 0) as overview_score,
               least(min(c.effective_at) filter (where c.effective_at > p_as_of),
                     min(c.expires_at) filter (where c.expires_at > p_as_of),
                     min(engagement.next_fade_at(c.points, c.effective_at, c.half_life_weeks,
                                                 p_as_of))
                         filter (where c.half_life_weeks is not null
                                       and (c.expires_at is null or c.expires_at > p_as_of)),
                     case when bool_or(c.effective_at >= v_ytd_from
                                       and c.effective_at < v_ytd_next) then v_ytd_next end,
                     engagement.leaves_overview_at(
                         min(c.effective_at) filter (where c.effective_at >= v_overview_from))
               ) as next_change_at
        from counted c
        group by c.holder_id, c.category_code
    ),
    -- CURRENT: any date on which a job of these people begins or has ended may move their points,
    -- from its first instant: after the last one of the day before, where midnight comes twice.
    moved as (
        select p.employer_id::engagement.host_key as holder_id,
               min((d.moved_on::timestamp - interval '1 microsecond') at time zone v_zone
                   + interval '1 microsecond') as next_change_at
        from engagement_host.employment p
        inner join engagement_host.employment m on m.employee_id = p.employee_id and m.is_primary
        cross join lateral (
            values (m.begin_on), (case when m.end_on < '200000-01-01' then m.end_on + 1 end)
        ) d (moved_on)
        where p_is_employees and v_is_current and p.is_primary
              and {of p.employer_id} and d.moved_on > v_today
              and d.moved_on < '200000-01-01'
        group by p.employer_id
    )
    select coalesce(t.holder_id, m.holder_id), t.category_code, coalesce(t.score, 0),
           coalesce(t.ytd_score, 0), coalesce(t.overview_score, 0),
           least(t.next_change_at, m.next_change_at)
    from total t
    full join moved m on m.holder_id = t.holder_id;
end
$body$;
begin
    execute format(
        'create or replace function engagement.sum_points__some('
        'p_customer_ids engagement.host_key[], p_as_of timestamptz, p_is_employees boolean) '
        'returns setof engagement.period_total language plpgsql stable '
        'set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan '
        'set enable_seqscan = off set jit = off as %L',
        regexp_replace(regexp_replace(regexp_replace(
            v_body, '\{awards by ([a-z_]+)\}', v_some, 'g'),
            '\{of ([a-z_.]+)\}', '\1 = any (p_customer_ids)', 'g'),
            '\{in ([a-z_.]+)\}', '\1 in (select unnest(p_customer_ids))', 'g'));
    execute format(
        'create or replace function engagement.sum_points__all('
        'p_as_of timestamptz, p_is_employees boolean) '
        'returns setof engagement.period_total language plpgsql stable '
        'set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan '
        'set enable_nestloop = off set parallel_tuple_cost = 0 set parallel_setup_cost = 0 '
        'set jit = off as %L',
        regexp_replace(regexp_replace(
            v_body, '\{awards by ([a-z_]+)\}', v_all, 'g'),
            '\{(of|in) ([a-z_.]+)\}', '\2 is not null', 'g'));
    revoke all on function engagement.sum_points__some(engagement.host_key[], timestamptz, boolean),
        engagement.sum_points__all(timestamptz, boolean) from public;
    comment on function engagement.sum_points__some(engagement.host_key[], timestamptz, boolean) is
        'Internal: totals of customers at p_as_of, by category; with p_is_employees those of the '
        'employees of companies (category NULL), none where the roll-up is switched off. Generated '
        'by engagement.generate_totals.';
    comment on function engagement.sum_points__all(timestamptz, boolean) is
        'Internal: as sum_points__some, of everybody. Generated by engagement.generate_totals.';
end
$generate$;
comment on function engagement.generate_totals() is
    'Internal: generates the routines sum_points__some and sum_points__all.';
