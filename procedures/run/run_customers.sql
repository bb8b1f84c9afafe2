-- Internal. Phase CUSTOMERS adds to the work: customers that a date alone has changed, customers
-- whose totals were computed for a later instant than this run's, customers without a score, even
-- if no trigger queued them, and companies that share people (linked_employers). FULL: instead of
-- the latter, all customers whose totals differ from the ledger. Nested loops are off, because the
-- statistics of the work table may date from a moment when it was empty. If a view of the host
-- cannot be read, its part waits for the next run.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, engagement_host.customer, stale_totals.
-- Writes: recalculation_customer, scoring_failure, and what mend_scores does.
create or replace function engagement.run_customers(p_run engagement.recalculation_run)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_nestloop = off
as $$
begin
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select s.customer_id, false
    from engagement.customer_score s
    where s.next_change_at <= p_run.as_of or (s.calculated_at > p_run.as_of
              and (p_run.as_of <> p_run.started_at or s.calculated_at > clock_timestamp()))
    on conflict (customer_id) do nothing;
    begin
        insert into engagement.recalculation_customer (customer_id, is_touched)
        select c.customer_id, false
        from (
            select c.customer_id::engagement.host_key from engagement_host.customer c
            where c.customer_id is not null
            except
            select s.customer_id from engagement.all_scores() s
        ) c
        on conflict (customer_id) do nothing;
    exception
        when connection_exception then
            raise;  -- see run_sources
        when others then
            perform engagement.skip_source(p_run, 'customer', sqlstate, sqlerrm);
    end;
    if p_run.run_mode <> 'FULL' then
        insert into engagement.recalculation_customer (customer_id, is_touched)
        select l.id, true
        from engagement.linked_employers(
            array(select c.customer_id from engagement.recalculation_customer c
                  where c.is_touched)) l (id)
        on conflict (customer_id) do update set is_touched = true;
    end if;
    begin
        if p_run.run_mode = 'FULL' then
            insert into engagement.recalculation_customer (customer_id, is_touched)
            select t.customer_id, false
            from engagement.stale_totals(p_run.as_of) t (customer_id)
            on conflict (customer_id) do nothing;
        end if;
        if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT' then
            -- People's points go to their employers on the date of the run.
            insert into engagement.recalculation_customer (customer_id, is_touched)
            select e.employer_id, bool_or(c.is_touched)
            from engagement.recalculation_customer c
            inner join engagement_host.employment e on e.employee_id = c.customer_id
            where e.is_primary and e.employer_id is not null
            group by e.employer_id
            on conflict (customer_id) do update set is_touched = true
            where excluded.is_touched and not recalculation_customer.is_touched;
        end if;
    exception when syntax_error_or_access_rule_violation or data_exception then
        perform engagement.skip_source(p_run, 'employment', sqlstate, sqlerrm);
    end;
    perform engagement.mend_scores(p_run);
    return false;
end
$$;
comment on function engagement.run_customers(engagement.recalculation_run) is
    'Internal: phase CUSTOMERS of a run.';
