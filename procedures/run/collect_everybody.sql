-- Internal. Everybody becomes work: the host's customers, those of the ledger, their employers,
-- those with a score. False where the host's views cannot be read: then nobody does.
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
    -- A statement a view: what the host has is not where the nodes of a cluster are.
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
    'Internal: marks every customer for the totals of the run; false where the customers or the '
    'employments of the host cannot be read.';
