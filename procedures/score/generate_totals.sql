-- Internal. Generates the routines that hold THE definition of totals: which awards belong to whom,
-- and what they add up to at an instant. Awards of rules that cap or fade count as capped_sql and
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
set standard_conforming_strings = on
as $generate$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- made for the coordinator only
    -- Definers under fixed settings, because they read a view of the host's.
    v_settings constant text := 'set search_path = pg_catalog, pg_temp set timezone = ''UTC'' '
        'set datestyle = ''ISO, YMD'' set intervalstyle = ''postgres'' set extra_float_digits = 1 '
        'set row_security = on';
    -- {awards by COLUMN}: live awards whose column is one of the customers asked for.
    -- {awards of EXPRESSION}: joined, those of a customer.
    -- {of COLUMN}: one of the customers, as a condition on employment; {in COLUMN}: on awards that
    -- were found already, by hash.
    -- {sums}: what awards w add up to at p_as_of; {fading sums}: where some of them fade.
    -- {counted}: the awards of rules that cap or fade, of v_people. {is some} is false where these
    -- are everybody, and nobody needs to ask who they are.
    v_some constant text := engagement.look_up_sql('\1', 'p_customer_ids', 'w.voided_at is null');
    v_all constant text :=
        '(select w.* from engagement.award w where w.\1 is not null and w.voided_at is null) w';
    v_of constant text := case when engagement.is_distributed() then
        'inner join engagement.award w on w.customer_id = \1 and w.voided_at is null'
        else
        'cross join lateral (select w.* from engagement.award w '
        'where w.customer_id = \1 and w.voided_at is null offset 0) w' end;
    -- The windows of capped_sql are a customer's, so a cluster's shards can open them.
    v_counted constant text := case when engagement.is_distributed() then
        '(' || engagement.capped_sql(
            '(select w.* from engagement.award w where w.voided_at is null '
            'and w.rule_id = any (v_special) and {whose}) w') || ')'
        else
        'engagement.counted_awards('
        'p_customer_ids => v_people::engagement.host_key[], p_rule_ids => v_special)' end;
    v_sums constant text := $sums$
               coalesce(sum({points}) filter (
                   where w.effective_at <= p_as_of
                         and (w.expires_at is null or w.expires_at > p_as_of)), 0) as score,
               coalesce(sum(w.points) filter (
                   where w.effective_at >= v_ytd_from
                         and w.effective_at <= p_as_of), 0) as ytd_score,
               coalesce(sum(w.points) filter (
                   where w.effective_at >= v_overview_from
                         and w.effective_at <= p_as_of), 0) as overview_score,
               least(min(w.effective_at) filter (where w.effective_at > p_as_of),
                     min(w.expires_at) filter (where w.expires_at > p_as_of),
                     {fades_at}) as changes_at,
               bool_or(w.effective_at >= v_ytd_from and w.effective_at < v_ytd_next) as is_of_year,
               min(w.effective_at) filter (where w.effective_at >= v_overview_from)
                   as overview_at$sums$;
    v_plain_sums constant text := replace(replace(
        v_sums, '{points}', 'w.points'), '{fades_at}', 'null');
    v_fading_sums constant text := replace(replace(
        v_sums, '{points}',
        'engagement.faded_points(w.points, w.effective_at, w.half_life_weeks, p_as_of)'),
        '{fades_at}', $fades_at$min(engagement.next_fade_at(
                         w.points, w.effective_at, w.half_life_weeks, p_as_of)) filter (
                         where w.half_life_weeks is not null
                               and (w.expires_at is null or w.expires_at > p_as_of))$fades_at$);
    v_body text := $body$
declare
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_zone text := engagement.parameter('TIME_ZONE');
    v_today date := (p_as_of at time zone v_zone)::date;
    v_special integer[] := engagement.special_rules();
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
    from engagement.calendar(p_as_of) c;

    -- Whose awards may be capped or fade.
    if {is some} and v_special <> '{}' and not p_is_employees then
        select coalesce(array_agg(distinct w.customer_id::text), '{}') into v_people
        from {awards by customer_id}
        where w.rule_id = any (v_special);
    elsif {is some} and v_special <> '{}' and v_is_current then
        v_people := array(
            select e.employee_id from engagement_host.employment e
            where e.is_primary and {of e.employer_id});
    elsif {is some} and v_special <> '{}' then
        select coalesce(array_agg(distinct w.customer_id::text), '{}') into v_people
        from {awards by employer_id}
        where w.rule_id = any (v_special);
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
    -- Each kind of awards is summed where it is, in a cluster on its shards; then these sums.
    part as (
        select w.customer_id as holder_id, r.category_code, {sums}
        from {awards by customer_id}
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where not p_is_employees and w.rule_id <> all (v_special)
        group by w.customer_id, r.category_code
        union all
        select w.employer_id, null, {sums}
        from {awards by employer_id}
        where p_is_employees and not v_is_current and w.customer_id <> w.employer_id
              and w.rule_id <> all (v_special)
        group by w.employer_id
        union all
        select w.holder_id, null, {sums}
        from (
            select j.employer_id as holder_id, w.points, w.effective_at, w.expires_at
            from job j
            {awards of j.employee_id}
            where p_is_employees and v_is_current and {of j.employer_id}
                  and w.customer_id <> j.employer_id and w.rule_id <> all (v_special)
        ) w
        group by w.holder_id
        union all
        select w.holder_id, w.category_code, {fading sums}
        from (
            select case when not p_is_employees then w.customer_id
                        when v_is_current then j.employer_id
                        else w.employer_id end as holder_id,
                   case when not p_is_employees then w.category_code end as category_code,
                   w.capped_points as points, w.effective_at, w.expires_at, w.half_life_weeks
            from {counted} w
            left join job j on j.employee_id = w.customer_id
            where not p_is_employees
                  or v_is_current and {in j.employer_id} and j.employer_id <> w.customer_id
                  or not v_is_current and {in w.employer_id} and w.employer_id <> w.customer_id
        ) w
        group by w.holder_id, w.category_code
    ),
    total as (
        select p.holder_id, p.category_code, sum(p.score) as score, sum(p.ytd_score) as ytd_score,
               sum(p.overview_score) as overview_score,
               least(min(p.changes_at), case when bool_or(p.is_of_year) then v_ytd_next end,
                     engagement.leaves_overview_at(min(p.overview_at))) as next_change_at
        from part p
        group by p.holder_id, p.category_code
    ),
    -- CURRENT: any date on which a job of these people begins or has ended may move their points,
    -- from its first instant: after the last one of the day before, where midnight comes twice.
    moved as materialized (
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
    v_body := regexp_replace(replace(replace(
        v_body, '{sums}', v_plain_sums), '{fading sums}', v_fading_sums),
        '\{awards of ([a-z_.]+)\}', v_of, 'g');
    execute format(
        'create or replace function engagement.sum_points__some('
        'p_customer_ids engagement.host_key[], p_as_of timestamptz, p_is_employees boolean) '
        'returns setof engagement.period_total language plpgsql stable security definer %s %s '
        'set enable_seqscan = off set jit = off as %L',
        v_settings,
        -- A cluster prunes its shards by values that only a custom plan has.
        case when not engagement.is_distributed()
             then 'set plan_cache_mode = force_generic_plan' end,
        regexp_replace(regexp_replace(regexp_replace(replace(replace(replace(
            v_body, '{counted}', v_counted), '{is some}', 'true'),
            '{whose}', 'v_people <> ''{}'' '  -- or no shard is asked
            'and w.customer_id = any (v_people::engagement.host_key[])'),
            '\{awards by ([a-z_]+)\}', v_some, 'g'),
            '\{of ([a-z_.]+)\}', '\1 = any (p_customer_ids)', 'g'),
            '\{in ([a-z_.]+)\}', '\1 in (select unnest(p_customer_ids))', 'g'));
    execute format(
        'create or replace function engagement.sum_points__all('
        'p_as_of timestamptz, p_is_employees boolean) '
        'returns setof engagement.period_total language plpgsql stable security definer %s '
        'set plan_cache_mode = force_custom_plan '
        'set enable_nestloop = off set parallel_tuple_cost = 0 set parallel_setup_cost = 0 '
        'set jit = off as %L', v_settings,
        regexp_replace(regexp_replace(replace(replace(replace(
            v_body, '{counted}', v_counted), '{is some}', (not engagement.is_distributed())::text),
            '{whose}', 'true'),
            '\{awards by ([a-z_]+)\}', v_all, 'g'),
            '\{(of|in) ([a-z_.]+)\}', '\2 is not null', 'g'));
    revoke all on function engagement.sum_points__some(engagement.host_key[], timestamptz, boolean),
        engagement.sum_points__all(timestamptz, boolean) from public;
    comment on function engagement.sum_points__some(engagement.host_key[], timestamptz, boolean) is
        'Internal: totals of customers at p_as_of, by category; with p_is_employees those of the '
        'employees of companies (category NULL), none where the roll-up is switched off. Generated '
        'by engagement.generate_totals.';
    comment on function engagement.sum_points__all(timestamptz, boolean) is
        'Internal: as sum_points__some, of everybody. Generated by engagement.generate_totals.';
    perform engagement.propagate_ddl(v_was);
end
$generate$;
comment on function engagement.generate_totals() is
    'Internal: generates the routines sum_points__some and sum_points__all.';
