-- Internal. Everybody's primary job on a date, for EMPLOYER_ATTRIBUTION = CURRENT.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.employment.
create or replace function engagement.current_jobs(
    p_employer_ids engagement.host_key[], p_on date
)
returns table (employee_id engagement.host_key, employer_id engagement.host_key)
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
begin
    if p_employer_ids is null then
        return query
        select distinct on (m.employee_id) m.employee_id::engagement.host_key,
               m.employer_id::engagement.host_key
        from engagement_host.employment m
        where m.is_primary and m.employee_id is not null
              and engagement.covers(m.begin_on, m.end_on, p_on)
        order by m.employee_id, m.begin_on desc nulls last, m.employer_id;
    else
        return query
        select j.employee_id, j.employer_id
        from (
            select distinct on (m.employee_id) m.employee_id::engagement.host_key as employee_id,
                   m.employer_id::engagement.host_key as employer_id
            from engagement_host.employment m
            where m.is_primary
                  and m.employee_id in (select p.employee_id from engagement_host.employment p
                                        where p.employer_id = any (p_employer_ids))
                  and engagement.covers(m.begin_on, m.end_on, p_on)
            order by m.employee_id, m.begin_on desc nulls last, m.employer_id
        ) j
        where j.employer_id = any (p_employer_ids);
    end if;
end
$$;
comment on function engagement.current_jobs(engagement.host_key[], date) is
    'Internal: employees of these companies (NULL: of all), by their primary job on p_on.';
