-- Internal. The present employers of some customers, for catch_up. Where points go to the present
-- employer, these companies are to be summed too. If the host's employments cannot be read, the
-- customers become work of the next run, which finds their employers itself.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.employment. Writes: recalculation_customer, scoring_failure.
create or replace function engagement.catch_up_employers(
    p_run engagement.recalculation_run, p_customer_ids engagement.host_key[]
)
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '200ms'
set enable_seqscan = off
set jit = off
as $$
begin
    return array(
        select e.employer_id::engagement.host_key
        from engagement_host.employment e
        where e.employee_id = any (p_customer_ids) and e.is_primary and e.employer_id is not null
    );
exception
    when connection_exception then
        raise;  -- see run_sources
    when others then
        insert into engagement.recalculation_customer (customer_id, is_touched)
        select i, true from unnest(p_customer_ids) i
        on conflict (customer_id) do update set is_touched = true;
        perform engagement.skip_source(p_run, 'employment', sqlstate, sqlerrm);
        return '{}';
end
$$;
comment on function engagement.catch_up_employers(
    engagement.recalculation_run, engagement.host_key[]
) is
    'Internal: the present primary employers of these customers; empty if the host''s employments '
    'cannot be read, and then the customers wait for the next run.';
