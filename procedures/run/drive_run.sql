-- Internal. Drives a run from its beginning to its end, batch by batch. A run that died is resumed
-- and finished first; after it comes what was asked for.
-- Commits, see recalculate.
-- Raises: EG004, EG006, EG009.
create or replace procedure engagement.drive_run(p_mode text, p_as_of timestamptz)
language plpgsql
as $$
declare
    v_run engagement.recalculation_run;
begin
    loop
        commit;
        set transaction isolation level read committed;
        v_run := engagement.begin_run(p_mode, p_as_of);
        commit;
        set transaction isolation level read committed;
        while engagement.run_step(v_run.run_id) loop
            commit;
            set transaction isolation level read committed;
        end loop;
        -- What died is finished; now what was asked for.
        exit when v_run.run_status operator(pg_catalog.<>) 'RESUMED';
    end loop;
end
$$;
comment on procedure engagement.drive_run(text, timestamptz) is
    'Internal: does a run, and before it one that died. Commits after each batch.';
