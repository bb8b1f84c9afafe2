-- Internal. Skips a source that cannot be read (its view is gone, a column was renamed), so that
-- the others go on. The views that every host has (customer, employment, subject) count as sources
-- here. A run records one failure of a source: later ones are consequences of the first.
-- Writes: scoring_failure, recalculation_run.
create or replace function engagement.skip_source(
    p_run engagement.recalculation_run, p_source text, p_sqlstate text, p_message text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from engagement.recalculation_run r
               where r.run_id = p_run.run_id and p_source = any (r.failed_sources)) then
        return;
    end if;
    insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)
    select clock_timestamp(), p_source, p_sqlstate, p_message
    where not exists (
        select from engagement.scoring_failure f
        where f.source = p_source and f.sqlstate_code = p_sqlstate and f.message = p_message
              and f.keys is null and f.source_id is null and f.resolved_at is null
    );
    update engagement.recalculation_run r
    set failed_sources = array_append(r.failed_sources, p_source)
    where r.run_id = p_run.run_id;
end
$$;
comment on function engagement.skip_source(engagement.recalculation_run, text, text, text) is
    'Internal: records that a run could not read a source; its work waits for the next run.';
