-- Internal. Phase PREPARE: queues what no trigger could queue. FULL is INCREMENTAL with every
-- source in the queue. Definer: the host's views run as the package's owner.
-- Reads: activity_source.
-- Writes: pending_activity, recalculation_customer, and what follow_host and follow_merges write.
create or replace function engagement.run_prepare(p_run engagement.recalculation_run)
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
begin
    if p_run.run_mode = 'ROLL_UP' then
        insert into engagement.recalculation_customer (customer_id, is_touched)
        select w.employer_id, false
        from engagement.award w
        where w.employer_id is not null and w.voided_at is null
        union
        select s.customer_id, false
        from engagement.customer_score s
        where (s.employee_score, s.employee_ytd_score, s.employee_overview_score) <> (0, 0, 0)
        union
        select c.customer_id, false
        from engagement.category_score c
        where c.employee_score <> 0
        on conflict (customer_id) do nothing;
        begin
            insert into engagement.recalculation_customer (customer_id, is_touched)
            select distinct e.employer_id, false
            from engagement_host.employment e
            where e.employer_id is not null
            on conflict (customer_id) do nothing;
        exception
            when connection_exception then
                raise;  -- see run_sources
            when others then
                perform engagement.skip_source(p_run, 'employment', sqlstate, sqlerrm);
        end;
        update engagement.recalculation_run r
        set phase = 'TOTALS', total_count = (select count(*) from engagement.recalculation_customer)
        where r.run_id = p_run.run_id;
        return true;
    end if;
    perform engagement.follow_host(p_run);
    perform engagement.follow_merges(p_run);
    if p_run.run_mode = 'FULL' then
        insert into engagement.pending_activity (source)
        select s.source from engagement.activity_source s where s.detached_at is null;
    end if;
    return false;
end
$$;
comment on function engagement.run_prepare(engagement.recalculation_run) is
    'Internal: phase PREPARE of a run.';
