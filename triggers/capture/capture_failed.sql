-- Internal. Handles the failure of a trigger: the keys go to the queue, the error goes to
-- scoring_failure, and the host's transaction can commit. If even this fails, it can only warn; a
-- FULL run finds the change. The trigger may have waited for a lock already, so this waits less.
-- Writes: pending_activity, scoring_failure.
create or replace function engagement.capture_failed(
    p_source text, p_activity_column text, p_keys text[], p_sqlstate text, p_message text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '10ms'
as $$
begin
    -- NULL keys could not be computed, so the whole source is queued.
    insert into engagement.pending_activity (source, activity_column, keys)
    values (p_source, case when p_keys is not null then p_activity_column end, p_keys);
    insert into engagement.scoring_failure (failed_at, source, activity_column, keys, sqlstate_code,
                                            message)
    values (clock_timestamp(), p_source, case when p_keys is not null then p_activity_column end,
            p_keys, p_sqlstate, p_message);
exception when others then
    perform set_config('engagement.is_broken', 'Y', true);
    raise warning 'engagement scoring failed and could not be queued: '
                  'run engagement.recalculate(''FULL'')'
        using detail = format('source %s: %s %s; then %s %s', p_source, p_sqlstate, p_message,
                              sqlstate, sqlerrm);
end
$$;
comment on function engagement.capture_failed(text, text, text[], text, text) is
    'Internal: queues the keys of a trigger call that failed and records its error; never raises.';
