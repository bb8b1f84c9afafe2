-- Internal. Begins a run, or takes over one that died.
-- Writes: recalculation_run. Locks: advisory (class, 2).
-- Raises: EG004, EG006, EG009.
create or replace function engagement.begin_run(p_mode text, p_as_of timestamptz)
returns engagement.recalculation_run
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_run engagement.recalculation_run;
    v_started_at timestamptz := clock_timestamp();
    v_backend_started_at timestamptz;
begin
    -- A source whose view is gone is not an error here: the run skips it when it reads the view.
    if not exists (select from engagement.activity_source s where s.detached_at is null) then
        perform engagement.check_attached();
    end if;
    perform engagement.check_instant(p_as_of);
    if not pg_try_advisory_xact_lock(engagement.lock_class(), 2) then
        raise exception 'a recalculation is already running'
            using errcode = 'EG009', detail = 'Another session holds the lock of the run.',
                  hint = 'Wait for it; a run whose process is gone is resumed by the next call.';
    end if;
    -- backend_start may be hidden from this role. It cannot be later than now.
    v_backend_started_at := coalesce(
        (select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid()),
        clock_timestamp());

    select * into v_run from engagement.recalculation_run r where r.run_status = 'RUNNING';
    if found then
        if engagement.is_run_alive(v_run) then
            raise exception 'a recalculation is already running'
                using errcode = 'EG009',
                      detail = format('run %s (%s) since %s, server process %s, phase %s, %s of %s',
                                      v_run.run_id, v_run.run_mode, v_run.started_at,
                                      v_run.backend_pid, v_run.phase, v_run.done_count,
                                      v_run.total_count),
                      hint = 'Wait for it; a run whose process is gone is resumed by the next '
                             'call.';
        end if;
        raise notice 'resuming run % (%, as of %)', v_run.run_id, v_run.run_mode, v_run.as_of;
        -- The resumed run goes on with the work it has taken. Later changes are left to the run
        -- that the caller asked for. A run that has taken no work has recorded nothing, so it
        -- starts now. Otherwise it would record changes made since as if they had been known at its
        -- old start.
        update engagement.recalculation_run r
        set backend_pid = pg_backend_pid(), backend_started_at = v_backend_started_at,
            as_of = case when r.phase in ('PREPARE', 'DEQUEUE') and r.as_of = r.started_at
                         then v_started_at else r.as_of end,
            started_at = case when r.phase in ('PREPARE', 'DEQUEUE')
                              then v_started_at else r.started_at end
        where r.run_id = v_run.run_id;
        v_run.run_status := 'RESUMED';
    else
        -- The queue may ask for everything. This happens after a deployment and when scoring was
        -- switched on again.
        if p_mode = 'INCREMENTAL'
           and exists (select from engagement.pending_activity p
                       where p.source = 'customer' and p.activity_column is null)
           and not exists (
               select from engagement.activity_source s
               where s.detached_at is null
                     and not exists (select from engagement.pending_activity p
                                     where p.source = s.source and p.activity_column is null)
           ) then
            p_mode := 'FULL';
        end if;
        insert into engagement.recalculation_run (
            run_id, run_mode, as_of, run_status, phase, started_at, backend_pid, backend_started_at
        )
        values (
            (select coalesce(max(r.run_id), 0) + 1 from engagement.recalculation_run r), p_mode,
            coalesce(p_as_of, v_started_at), 'RUNNING', 'PREPARE', v_started_at, pg_backend_pid(),
            v_backend_started_at
        )
        returning * into v_run;
    end if;
    if to_regclass('pg_temp.engagement_stage') is not null then
        drop table pg_temp.engagement_stage;  -- left by a run that failed in this session
    end if;
    return v_run;
end
$$;
comment on function engagement.begin_run(text, timestamptz) is
    'Internal: begins a run, or takes over a dead one (run_status RESUMED in the result). Raises '
    'EG004, EG006, EG009.';
