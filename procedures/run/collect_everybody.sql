-- Internal. Adds every customer to the work of a run: customers and employers of the host,
-- customers and employers in the ledger, customers with a score. Returns false and adds nobody if
-- the host's views cannot be read.
-- Definer: the host's views run as the package's owner.
-- Writes: recalculation_customer; scoring_failure.
create or replace function engagement.collect_everybody(p_run engagement.recalculation_run)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_view text := 'customer';
begin
    -- One statement for each view: on a cluster, a host's view and the ledger cannot be joined.
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select distinct c.customer_id, true
    from engagement_host.customer c
    where c.customer_id is not null
    on conflict (customer_id) do update set is_touched = true
    where not recalculation_customer.is_touched;
    v_view := 'employment';
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select distinct e.employer_id, true
    from engagement_host.employment e
    where e.employer_id is not null
    on conflict (customer_id) do update set is_touched = true
    where not recalculation_customer.is_touched;
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select e.customer_id, true
    from (
        select distinct w.customer_id from engagement.award w where w.voided_at is null
        union
        select distinct w.employer_id from engagement.award w
        where w.voided_at is null and w.employer_id is not null
        union
        select s.customer_id from engagement.customer_score s
        union
        select c.customer_id from engagement.category_score c
    ) e
    on conflict (customer_id) do update set is_touched = true
    where not recalculation_customer.is_touched;
    return true;
exception
    when connection_exception then
        raise;  -- see run_sources
    when others then
        perform engagement.skip_source(p_run, v_view, sqlstate, sqlerrm);
        return false;
end
$$;
comment on function engagement.collect_everybody(engagement.recalculation_run) is
    'Internal: adds every customer to the work of a run; false if the host''s customers or '
    'employments cannot be read.';
