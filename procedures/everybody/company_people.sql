-- API. The people that a company's points come from: its employees, and others who earned for it.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: award, counted_awards, score_rule, customer_score, engagement_host.customer,
-- engagement_host.employment. Raises: EG001, EG004, EG006.
create or replace function engagement.company_people(
    p_company_id engagement.host_key, p_as_of timestamptz default now()
)
returns table (
    customer_id engagement.host_key,
    display_name text,
    is_employed boolean,
    points numeric,
    own_score numeric,
    last_earned_at timestamptz
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
set jit = off
as $$
declare
    v_is_rolled_up boolean := engagement.parameter('CALCULATE_EMPLOYER_ENGAGEMENT_SCORE') = 'Y'
        and engagement.parameter('ROLLUP_EMPLOYEES_TO_EMPLOYER') = 'Y';
    v_is_current boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_today date := (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_uncounted constant integer[] := engagement.uncounted_rules();
    v_employed engagement.host_key[];
    v_earners engagement.host_key[] := '{}';
begin
    perform engagement.check_customer(p_company_id);
    perform engagement.check_instant(p_as_of);
    v_employed := array(
        select distinct m.employee_id::engagement.host_key
        from engagement_host.employment m
        where m.employer_id = p_company_id and m.employee_id <> p_company_id
              and engagement.covers(m.begin_on, m.end_on, v_today)
    );
    -- The people whose awards sum_points__some attributes to the company.
    if v_is_rolled_up and v_is_current then
        v_earners := array(
            select j.employee_id
            from engagement.current_jobs(array[p_company_id]::engagement.host_key[], v_today) j
            where j.employee_id <> p_company_id
        );
    elsif v_is_rolled_up then
        select coalesce(array_agg(distinct w.customer_id), '{}') into v_earners
        from engagement.award w
        where w.employer_id = p_company_id and w.customer_id <> p_company_id
              and w.voided_at is null;
    end if;
    return query
    select k.id, c.display_name::text, k.is_employed, coalesce(t.points, 0),
           coalesce(s.own_score, 0), t.last_earned_at
    from (
        select u.id, bool_or(u.is_employed) as is_employed
        from (
            select e.id, true as is_employed from unnest(v_employed) e (id)
            union all
            select e.id, false from unnest(v_earners) e (id)
        ) u
        group by u.id
    ) k
    left join (
        select w.customer_id,
               sum(engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                           w.inactivity_steps, w.active_in, p_as_of))
                   filter (where w.expires_at is null or w.expires_at > p_as_of) as points,
               max(w.effective_at) filter (where w.points > 0) as last_earned_at
        from engagement.counted_awards(v_earners) w
        where w.effective_at <= p_as_of and (v_is_current or w.employer_id = p_company_id)
              and w.rule_id <> all (v_uncounted)
        group by w.customer_id
    ) t on t.customer_id = k.id
    left join engagement.stored_scores(v_employed || v_earners) s on s.customer_id = k.id
    left join engagement_host.customer c on c.customer_id = k.id
    order by coalesce(t.points, 0) desc, k.id;
end
$$;
comment on function engagement.company_people(engagement.host_key, timestamptz) is
    'Employees of a company on the date of p_as_of, and others who have earned points for it. '
    'points: their part of the company''s employee_score at p_as_of as known now; own_score: as '
    'stored; last_earned_at: when they last earned for the company. Most points first. Raises '
    'EG001 for an unknown customer, EG004 for an instant out of range, EG006 (no host).';
