-- API. What a change of rules would do, before it is made. A cap belongs to one version of a rule,
-- so a category is the sum of its rules. The preview subtracts what the versions of the changed
-- rules make now, including versions that the next run voids, and adds what the new versions would
-- make. Totals are those of the changed categories, by the one definition. Awards are derived from
-- the host's rows by the one definition, into temporary tables. No table of the package is written.
-- Everybody is ranked by scores at p_as_of: the stored scores if they hold at that instant, else
-- new sums. Definer, because only the package may try a change.
-- Reads: the views, score_rule, award, customer_score, score_band, engagement_host.*.
-- Raises: EG002, EG004, EG005, EG006, EG010.
create or replace function engagement.preview_rules(
    p_changes jsonb, p_retroactive boolean default true, p_as_of timestamptz default null
)
returns table (
    customer_id engagement.host_key,
    display_name text,
    customer_type text,
    old_own_score numeric,
    new_own_score numeric,
    old_employee_score numeric,
    new_employee_score numeric,
    old_score numeric,
    new_score numeric,
    change numeric,
    old_percentile integer,
    new_percentile integer,
    old_band_code text,
    new_band_code text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    v_as_of timestamptz := coalesce(p_as_of, engagement.scored_at());
    v_is_rolled_up boolean := engagement.parameter('CALCULATE_EMPLOYER_ENGAGEMENT_SCORE') = 'Y'
        and engagement.parameter('ROLLUP_EMPLOYEES_TO_EMPLOYER') = 'Y';
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_today date := (v_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_gone integer[];
    v_ids engagement.host_key[];
    v_scored_ids engagement.host_key[];
    v_own engagement.period_total[];
    v_employees engagement.period_total[];
    v_new_own engagement.period_total[];
    v_new_employees engagement.period_total[];
begin
    perform engagement.check_attached();
    perform engagement.check_instant(v_as_of);
    select t.p_changed_ids into v_gone
    from engagement.try_rules(p_changes => p_changes, p_retroactive => p_retroactive) t;

    perform engagement.preview_points(v_gone, v_as_of);

    create temporary table engagement_preview_change on commit drop as
    select u.customer_id, u.is_employees, u.category_code, sum(u.points) as points
    from (
        select p.customer_id, false as is_employees, p.category_code, p.points
        from pg_temp.engagement_preview_point p
        union all
        select p.employer_id, true, p.category_code, p.points
        from pg_temp.engagement_preview_point p
        where v_is_rolled_up and not v_is_current and p.employer_id <> p.customer_id
        union all
        select j.employer_id, true, p.category_code, p.points
        from pg_temp.engagement_preview_point p
        inner join engagement.current_jobs(null, v_today) j
            on j.employee_id = p.customer_id and j.employer_id <> p.customer_id
        where v_is_rolled_up and v_is_current
    ) u
    group by u.customer_id, u.is_employees, u.category_code;

    -- Customers to sum: changed by the preview, changed by time alone, or without a score yet.
    select array_agg(s.customer_id),
           array_agg(s.customer_id) filter (
               where s.calculated_at > v_as_of or s.next_change_at <= v_as_of)
    into v_scored_ids, v_ids
    from engagement.customer_score s;
    v_ids := array(
        select c.customer_id from pg_temp.engagement_preview_change c
        union
        select i.id from unnest(v_ids) i (id)
        union
        (select h.customer_id::engagement.host_key from engagement_host.customer h
         where h.customer_id is not null
         except
         select i.id from unnest(v_scored_ids) i (id)));
    v_own := array(select t from engagement.sum_points__some(
        p_customer_ids => v_ids, p_as_of => v_as_of, p_is_employees => false) t);
    v_employees := array(select t from engagement.sum_points__some(
        p_customer_ids => v_ids, p_as_of => v_as_of, p_is_employees => true) t);

    v_new_own := array(
        select row(u.customer_id, u.category_code, sum(u.score), 0, 0,
                   null)::engagement.period_total
        from (
            select o.customer_id, o.category_code, o.score from unnest(v_own) o
            union all
            select c.customer_id, c.category_code, c.points
            from pg_temp.engagement_preview_change c
            where not c.is_employees
        ) u
        group by u.customer_id, u.category_code);
    v_new_employees := array(
        select row(u.customer_id, u.category_code, sum(u.score), 0, 0,
                   null)::engagement.period_total
        from (
            select e.customer_id, e.category_code, e.score from unnest(v_employees) e
            union all
            select c.customer_id, c.category_code, c.points
            from pg_temp.engagement_preview_change c
            where c.is_employees
        ) u
        group by u.customer_id, u.category_code);

    create temporary table engagement_preview_score on commit drop as
    select coalesce(s.customer_id, i.customer_id) as customer_id,
           coalesce(i.own_score, s.own_score) as old_own_score,
           coalesce(i.employee_score, s.employee_score) as old_employee_score,
           coalesce(i.score, s.score) as old_score,
           coalesce(n.own_score, s.own_score) as new_own_score,
           coalesce(n.employee_score, s.employee_score) as new_employee_score,
           coalesce(n.score, s.score) as new_score
    from engagement.stored_scores() s
    full join engagement.merged_totals(v_ids, v_own, v_employees) i
        on i.customer_id = s.customer_id
    left join engagement.merged_totals(v_ids, v_new_own, v_new_employees) n
        on n.customer_id = i.customer_id;

    return query
    select s.customer_id, c.display_name::text, c.customer_type::text,
           s.old_own_score, s.new_own_score, s.old_employee_score, s.new_employee_score,
           o.score, n.score, n.score - o.score,
           o.percentile, n.percentile, o.band_code, n.band_code
    from pg_temp.engagement_preview_score s
    inner join engagement.ranking(
        array(select p.customer_id from pg_temp.engagement_preview_score p
              order by p.customer_id),
        array(select p.old_score
              from pg_temp.engagement_preview_score p order by p.customer_id)
    ) o on o.customer_id = s.customer_id
    inner join engagement.ranking(
        array(select p.customer_id from pg_temp.engagement_preview_score p
              order by p.customer_id),
        array(select p.new_score
              from pg_temp.engagement_preview_score p order by p.customer_id)
    ) n on n.customer_id = s.customer_id
    left join engagement_host.customer c on c.customer_id = s.customer_id
    where s.new_own_score <> s.old_own_score or s.new_employee_score <> s.old_employee_score
          or o.band_code is distinct from n.band_code
    order by abs(n.score - o.score) desc, s.customer_id;

    drop table pg_temp.engagement_preview_rule, pg_temp.engagement_preview_award,
               pg_temp.engagement_preview_point, pg_temp.engagement_preview_change,
               pg_temp.engagement_preview_score;
end
$$;
comment on function engagement.preview_rules(jsonb, boolean, timestamptz) is
    'What a change of rules would do to scores at p_as_of (NULL: the last run): every customer '
    'whose total or its band would change, old and new values, largest change first. p_changes: an '
    'array as for apply_rules, or an object from rule_code to changes as for revise_rule (null '
    'retires the rule). p_retroactive false: the change would count from now on. Writes only '
    'temporary tables. Raises what apply_rules and revise_rule raise.';
