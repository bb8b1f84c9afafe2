-- API. The employers that a screen may offer for a document: all employers of a person on a date,
-- the primary one first. Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.employment, engagement_host.customer. Raises: EG001, EG006.
create or replace function engagement.current_employers(
    p_customer_id engagement.host_key, p_on date default null
)
returns table (
    employer_id engagement.host_key,
    display_name text,
    is_primary boolean,
    begin_on date,
    end_on date
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
    v_on date := coalesce(p_on, (now() at time zone engagement.parameter('TIME_ZONE'))::date);
begin
    perform engagement.check_customer(p_customer_id);
    return query
    select j.employer_id, c.display_name::text, j.is_primary, j.begin_on, j.end_on
    from (
        select distinct on (m.employer_id) m.employer_id::engagement.host_key as employer_id,
               coalesce(m.is_primary, false) as is_primary, m.begin_on, m.end_on
        from engagement_host.employment m
        where m.employee_id = p_customer_id and m.employer_id is not null
              and engagement.covers(m.begin_on, m.end_on, v_on)
        order by m.employer_id, m.is_primary desc nulls last, m.begin_on desc nulls last
    ) j
    left join engagement_host.customer c on c.customer_id = j.employer_id
    order by j.is_primary desc, j.begin_on desc nulls last, j.employer_id;
end
$$;
comment on function engagement.current_employers(engagement.host_key, date) is
    'Companies that employ a person on a date (NULL: today in TIME_ZONE), one row each, primary '
    'employer first. A screen may offer them as the employer of an order. Raises EG001 for an '
    'unknown customer.';
