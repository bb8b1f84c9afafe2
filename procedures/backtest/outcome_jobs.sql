-- Internal. Who works for the company of an outcome at its scored_at, by the primary job of that
-- day, for EMPLOYER_ATTRIBUTION = CURRENT. current_jobs says the same of one day; outcomes have as
-- many days as rows.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.employment.
create or replace function engagement.outcome_jobs(p_outcomes engagement.scored_outcome[])
returns table (
    outcome_number integer,
    customer_id engagement.host_key,
    scored_at timestamptz,
    employee_id engagement.host_key
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
set enable_nestloop = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_zone text := engagement.parameter('TIME_ZONE');
begin
    return query
    with job as materialized (
        select m.employee_id::engagement.host_key as employee_id,
               m.employer_id::engagement.host_key as employer_id, m.begin_on, m.end_on
        from engagement_host.employment m
        where m.is_primary and m.employee_id is not null
    ),
    person as (
        select j.employee_id,
               array_agg(j.employer_id order by j.begin_on desc nulls last, j.employer_id) as ids,
               array_agg(j.begin_on order by j.begin_on desc nulls last, j.employer_id)
                   as begins_on,
               array_agg(j.end_on order by j.begin_on desc nulls last, j.employer_id) as ends_on
        from job j
        group by j.employee_id
    ),
    candidate as (
        select distinct o.outcome_number, o.customer_id, o.scored_at, j.employee_id
        from unnest(p_outcomes) o
        inner join job j on j.employer_id = o.customer_id
        where engagement.covers(j.begin_on, j.end_on, (o.scored_at at time zone v_zone)::date)
    )
    select c.outcome_number, c.customer_id, c.scored_at, c.employee_id
    from candidate c
    inner join person p on p.employee_id = c.employee_id
    where engagement.employer_on(p.ids, p.begins_on, p.ends_on,
                                 (c.scored_at at time zone v_zone)::date) = c.customer_id
          and c.employee_id <> c.customer_id;
end
$$;
comment on function engagement.outcome_jobs(engagement.scored_outcome[]) is
    'Internal: the people whose primary employer is the customer of an outcome on the day of its '
    'scored_at.';
