-- Internal. Everybody becomes work: the host's customers, those of the ledger, their employers,
-- those with a score. Definer: the host's views run as the package's owner.
-- Writes: recalculation_customer.
create or replace function engagement.collect_everybody()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
begin
    -- Two statements: what the host has is not where the nodes of a cluster are.
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select e.customer_id, true
    from (
        select c.customer_id from engagement_host.customer c where c.customer_id is not null
        union
        select e.employer_id from engagement_host.employment e where e.employer_id is not null
    ) e
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
end
$$;
comment on function engagement.collect_everybody() is
    'Internal: marks every customer for the totals of the run.';
