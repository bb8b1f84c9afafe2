-- Internal. For EMPLOYER_ATTRIBUTION = CURRENT: the points of a company's people may move on any
-- date on which one of their jobs begins or has ended. They move at the first instant of that date.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.employment; parameter TIME_ZONE.
create or replace function engagement.next_job_changes(
    p_employer_ids engagement.host_key[], p_on date
)
returns table (employer_id engagement.host_key, next_change_at timestamptz)
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
begin
    return query
    select p.employer_id::engagement.host_key,
           min(engagement.start_of_day(d.moved_on, v_zone))
    from engagement_host.employment p
    inner join engagement_host.employment m on m.employee_id = p.employee_id and m.is_primary
    cross join lateral (
        values (m.begin_on), (case when m.end_on < '200000-01-01' then m.end_on + 1 end)
    ) d (moved_on)
    where p.is_primary and p.employer_id is not null
          and (p_employer_ids is null or p.employer_id = any (p_employer_ids))
          and d.moved_on > p_on and d.moved_on < '200000-01-01'
    group by p.employer_id;
end
$$;
comment on function engagement.next_job_changes(engagement.host_key[], date) is
    'Internal: when the points of these companies (NULL: of all) may next change because a job '
    'begins or has ended after p_on.';
