-- Internal. How many activities a trigger may bring up to date while the host's statement_timeout
-- runs. The time-out began with the host's statement, and a trigger that makes it fire ends the
-- statement; no exception block catches that. So all trigger calls of a statement together may use
-- a tenth of the time-out, and no call more than a quarter of what is left of it. The time used is
-- noted in a setting of the transaction, with the start of the statement. 30 ms are for the plans
-- of a new session. After that an activity is allowed 1 ms, three times what it usually takes. A
-- lock may be waited for during half of the time; capture_failed may need the other half.
-- Reads: settings of the session. Writes: the settings engagement.time_used and lock_timeout of the
-- transaction; the caller's own SET clause restores lock_timeout.
create or replace function engagement.allowance(p_began_at timestamptz default null)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_began constant text := extract(epoch from statement_timestamp());
    v_said constant text := current_setting('engagement.time_used', true);
    v_timeout constant numeric :=
        extract(epoch from current_setting('statement_timeout')::interval);
    -- Anything else than what this routine has noted counts as nothing.
    v_used numeric := case
        when v_said ~ '^[0-9]{1,12}[.][0-9]{6} [0-9]{1,9}[.][0-9]{6}$'
             and split_part(v_said, ' ', 1) = v_began then split_part(v_said, ' ', 2)::numeric
        else 0 end;
    v_left numeric;
begin
    if p_began_at is not null then
        v_used := v_used + extract(epoch from v_now - p_began_at);
        perform set_config('engagement.time_used', v_began || ' ' || v_used, true);
    end if;
    v_left := least(v_timeout / 10 - v_used,
                    (v_timeout - extract(epoch from v_now - statement_timestamp())) / 4);
    perform set_config('lock_timeout',
                       least(greatest(floor(v_left * 500), 1), 50)::text, true);
    return least(greatest(floor((v_left - 0.03) * 1000), 0),
                 engagement.parameter('IMMEDIATE_ROW_LIMIT')::integer);
end
$$;
comment on function engagement.allowance(timestamptz) is
    'Internal: how many activities a trigger call may bring up to date under the present '
    'statement_timeout; lowers lock_timeout accordingly. p_began_at: first counts the time since '
    'then as used.';
