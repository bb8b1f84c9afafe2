-- Internal. Does one bounded batch of a run. If the phase has no work left, goes on to the next
-- phase.
-- Reads and writes: recalculation_run, and what its phase does. Locks: advisory (class, 2)
-- and (class, 6).
-- Raises: EG009.
create or replace function engagement.run_step(p_run_id integer)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    v_run engagement.recalculation_run;
    v_has_more boolean;
begin
    perform pg_advisory_xact_lock(engagement.lock_class(), 2);
    -- A batch of catch_up that has just begun ends first. It steps aside for the run from then on.
    perform pg_advisory_xact_lock(engagement.lock_class(), 6);
    select * into v_run from engagement.recalculation_run r where r.run_id = p_run_id for update;
    if v_run.run_status is distinct from 'RUNNING' or v_run.backend_pid <> pg_backend_pid() then
        raise exception 'the run was taken over by another session'
            using errcode = 'EG009',
                  detail = format('run %s, server process %s', p_run_id, v_run.backend_pid),
                  hint = 'Let the other session finish it.';
    end if;
    v_has_more := case v_run.phase
        when 'PREPARE' then engagement.run_prepare(v_run)
        when 'DEQUEUE' then engagement.run_dequeue(v_run)
        when 'SOURCES' then engagement.run_sources(v_run)
        when 'ACTIVITIES' then engagement.run_activities(v_run)
        when 'CUSTOMERS' then engagement.run_customers(v_run)
        when 'TOTALS' then engagement.run_totals(v_run)
        when 'RANK' then engagement.run_rank(v_run)
        when 'BANDS' then engagement.run_bands(v_run)
    end;
    if v_has_more then
        return true;
    end if;
    -- The next phases are to be planned for a ledger of its present size, not for an empty one.
    if v_run.phase in ('PREPARE', 'SOURCES') and exists (
        select from pg_class c
        where c.oid = 'engagement.award'::regclass
              and (c.reltuples < 0
                   or (v_run.phase = 'SOURCES' and v_run.award_count > c.reltuples / 5))
    ) then
        analyze engagement.award;
    end if;
    update engagement.recalculation_run r
    set phase = case r.phase
            when 'PREPARE' then 'DEQUEUE'
            when 'DEQUEUE' then 'SOURCES'
            when 'SOURCES' then 'ACTIVITIES'
            when 'ACTIVITIES' then 'CUSTOMERS'
            when 'CUSTOMERS' then 'TOTALS'
            when 'TOTALS' then 'RANK'
            when 'RANK' then 'BANDS'
            else 'DONE' end,
        batch_size = null,
        done_count = case when r.phase in ('TOTALS', 'RANK', 'BANDS') then r.done_count else 0 end,
        total_count = case r.phase
            when 'SOURCES' then (select count(*) from engagement.recalculation_key)
            when 'CUSTOMERS' then (select count(*) from engagement.recalculation_customer)
            when 'TOTALS' then r.total_count
            when 'RANK' then r.total_count
            when 'BANDS' then r.total_count
            else 0 end
    where r.run_id = p_run_id
    returning * into v_run;
    if v_run.phase <> 'DONE' then
        return true;
    end if;
    update engagement.recalculation_run r
    set run_status = 'COMPLETED',
        finished_at = clock_timestamp(),
        failure_count = (select count(*) from engagement.scoring_failure f
                         where f.resolved_at is null)
    where r.run_id = p_run_id
    returning * into v_run;
    if v_run.failure_count > 0 then
        raise warning 'not everything could be scored'
            using detail = format('%s open rows in engagement.scoring_failure; '
                                  'sources not read: %s', v_run.failure_count,
                                  coalesce(nullif(array_to_string(v_run.failed_sources, ', '), ''),
                                           'none')),
                  hint = 'select * from engagement.scoring_failure where resolved_at is null';
    end if;
    return false;
end
$$;
comment on function engagement.run_step(integer) is
    'Internal: does one batch of a run; false when the run is complete. Raises EG009 when another '
    'session has taken the run over.';
