-- Internal. Whether a run is alive: its server process exists and is active. A process whose state
-- is hidden (it belongs to another role) counts as alive.
-- Reads: pg_stat_activity.
create or replace function engagement.is_run_alive(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_run.backend_pid <> pg_backend_pid()
           and p_run.backend_started_at > pg_postmaster_start_time()
           and exists (
               select from pg_stat_activity a
               where a.pid = p_run.backend_pid
                     and (a.backend_start is null or a.backend_start <= p_run.backend_started_at)
                     and (a.state is null or a.state = 'active')
           );
end
$$;
comment on function engagement.is_run_alive(engagement.recalculation_run) is
    'Internal: true if another session''s server process is working on this run.';
