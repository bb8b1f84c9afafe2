-- Internal. The primary employer of a person on a date. Of several jobs the one that began last
-- wins, then the one with the smallest employer_id.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.employment.
create or replace function engagement.primary_employer(
    p_employee_id engagement.host_key, p_on date
)
returns engagement.host_key
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
    return (
        select m.employer_id
        from engagement_host.employment m
        where m.employee_id = p_employee_id and m.is_primary
              and engagement.covers(m.begin_on, m.end_on, p_on)
        order by m.begin_on desc nulls last, m.employer_id
        limit 1
    );
end
$$;
comment on function engagement.primary_employer(engagement.host_key, date) is
    'Internal: the primary employer of a person on a date; NULL: none.';
