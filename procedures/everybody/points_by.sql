-- API. What matters most: the points of live awards, by what they were made for. With a company:
-- the points that make up its score, that is its own and its employees' as sum_points__some
-- attributes them.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: live_awards, score_rule, category, subject_name, current_jobs, a segment.
-- Raises: EG001, EG004, EG006, EG011.
create or replace function engagement.points_by(
    p_dimension text,
    p_segment text default null,
    p_company_id engagement.host_key default null,
    p_from timestamptz default null,
    p_to timestamptz default null
)
returns table (
    dimension_key text,
    label text,
    points numeric,
    counting_points numeric,
    award_count bigint,
    customer_count bigint
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_as_of timestamptz := engagement.scored_at();
    v_segment engagement.host_key[];
    v_attribution text := engagement.employees_attribution();
    v_today date := (v_as_of at time zone v_zone)::date;
    v_employees engagement.host_key[];
begin
    perform engagement.check_attached();
    if p_dimension is null or p_dimension not in ('CATEGORY', 'RULE', 'SUBJECT', 'MONTH', 'YEAR') then
        raise exception 'unknown dimension'
            using errcode = 'EG004', detail = format('dimension %L', p_dimension),
                  hint = 'Use CATEGORY, RULE, SUBJECT, MONTH or YEAR.';
    elsif p_to <= p_from then
        raise exception 'range ends before it begins'
            using errcode = 'EG004', detail = format('from %s to %s', p_from, p_to),
                  hint = 'p_to must be later than p_from.';
    end if;
    if p_segment is not null then
        v_segment := array(select s.customer_id from engagement.segment(p_segment) s);
    end if;
    if p_company_id is not null then
        perform engagement.check_customer(p_company_id);
        v_employees := array(
            select j.employee_id
            from engagement.current_jobs(array[p_company_id]::engagement.host_key[], v_today) j
        );
    end if;
    return query
    select t.dimension_key,
           case p_dimension
               when 'CATEGORY' then (select c.category_name from engagement.category c
                                     where c.category_code = t.dimension_key)
               when 'RULE' then (select r.description from engagement.score_rule r
                                 where r.rule_code = t.dimension_key
                                 order by r.version desc limit 1)
               when 'SUBJECT' then engagement.subject_name(t.engagement_type, t.dimension_key)
               else t.dimension_key end,
           t.points, t.counting_points, t.award_count, t.customer_count
    from (
        select g.dimension_key, g.engagement_type, sum(g.points) as points,
               coalesce(sum(engagement.faded_points(g.points, g.effective_at, g.half_life_weeks,
                                                    g.inactivity_steps, g.active_in, v_as_of)) filter (
                   where g.expires_at is null or g.expires_at > v_as_of), 0) as counting_points,
               count(*) as award_count, count(distinct g.customer_id::text) as customer_count
        from (
            select w.customer_id, w.capped_points as points, w.effective_at, w.expires_at,
                   w.half_life_weeks, w.inactivity_steps, w.active_in,
                   case p_dimension
                       when 'CATEGORY' then r.category_code
                       when 'RULE' then r.rule_code
                       when 'SUBJECT' then w.subject_id
                       when 'MONTH' then to_char(w.effective_at at time zone v_zone, 'YYYY-MM')
                       else to_char(w.effective_at at time zone v_zone, 'YYYY') end
                       as dimension_key,
                   case when p_dimension = 'SUBJECT' then r.engagement_type end as engagement_type
            from engagement.live_awards() w
            inner join engagement.score_rule r on r.rule_id = w.rule_id
            where w.effective_at <= v_as_of
                  and (p_from is null or w.effective_at >= p_from)
                  and (p_to is null or w.effective_at < p_to)
                  and (p_segment is null or w.customer_id in (select unnest(v_segment)))  -- by hash
                  and (p_company_id is null or w.customer_id = p_company_id
                       or (v_attribution = 'AT_ACTIVITY' and w.employer_id = p_company_id)
                       or (v_attribution = 'CURRENT'
                           and w.customer_id in (select unnest(v_employees))))
        ) g
        group by g.dimension_key, g.engagement_type
    ) t
    order by case when p_dimension in ('MONTH', 'YEAR') then t.dimension_key end, t.points desc,
             t.dimension_key;
end
$$;
comment on function engagement.points_by(
    text, text, engagement.host_key, timestamptz, timestamptz
) is
    'Points (capped) of live awards that became effective in [p_from, p_to) (NULL: unbounded) and '
    'not after the last run, by CATEGORY, RULE, SUBJECT, MONTH or YEAR (in TIME_ZONE). '
    'counting_points: what counts at the last run. p_segment: only customers of the segment. '
    'p_company_id: only a company and the people who earned for it. Raises EG001 (company), EG004 '
    '(dimension, range), EG006 (no host), EG011 (segment).';
