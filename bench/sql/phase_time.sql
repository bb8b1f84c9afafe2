-- Notes when each phase of a run begins, so that the time of the ranking can be taken off.
create table bench.phase_time (
    run_id integer not null,
    phase text not null,
    began_at timestamptz not null
);

create function bench.note_phase() returns trigger
language plpgsql as $$
begin
    insert into bench.phase_time (run_id, phase, began_at)
    values (new.run_id, new.phase, clock_timestamp());
    return null;
end
$$;

create trigger note_phase after update on engagement.recalculation_run
for each row when (old.phase is distinct from new.phase)
execute function bench.note_phase();
