-- API. How many of a company's people take part.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.employment, customer_score.
create or replace function engagement.participation(
    p_company_id engagement.host_key default null, p_as_of timestamptz default now()
)
returns table (
    company_id engagement.host_key,
    employee_count bigint,
    engaged_count bigint,
    participation_rate numeric,
    average_score numeric
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
set plan_cache_mode = force_custom_plan
set jit = off
as $$
declare
    v_on date := (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_people engagement.host_key[];
    v_companies engagement.host_key[];
begin
    perform engagement.check_attached();
    if p_company_id is not null then
        v_people := array(
            select m.employee_id::engagement.host_key from engagement_host.employment m
            where m.employer_id = p_company_id);
        v_companies := array[p_company_id];
    end if;
    return query
    select e.employer_id, count(*), count(*) filter (where s.own_score > 0),
           round(count(*) filter (where s.own_score > 0)::numeric / count(*), 4),
           round(coalesce(max(t.employee_score), 0) / count(*), 2)
    from (
        select distinct m.employer_id::engagement.host_key as employer_id,
               m.employee_id::engagement.host_key as employee_id
        from engagement_host.employment m
        where m.employee_id <> m.employer_id
              and (p_company_id is null or m.employer_id = p_company_id)
              and engagement.covers(m.begin_on, m.end_on, v_on)
    ) e
    left join engagement.stored_scores(v_people) s on s.customer_id = e.employee_id
    left join engagement.stored_scores(v_companies) t on t.customer_id = e.employer_id
    group by e.employer_id;
end
$$;
comment on function engagement.participation(engagement.host_key, timestamptz) is
    'Companies (p_company_id; NULL: all) that have employees on the date of p_as_of: number of '
    'employees, number and share (0 to 1) of employees with own points, and employees'' points per '
    'employee, by the stored scores. Raises EG006 (no host).';
