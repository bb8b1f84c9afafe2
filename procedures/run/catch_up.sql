-- API. Brings scores up to date with what the host has changed, and with the dates that have come,
-- at a cost that follows the work and not the number of customers. `engagement follow` calls it
-- again and again; a scheduler may call it every minute. It does what recalculate does for queued
-- keys and for customers whom a date has changed, and ranks whom it touches by the thresholds of
-- the last run, as a refresh does. It leaves to recalculate what concerns whole sources or
-- everybody: a table that was truncated, a changed view, rule or parameter.
-- A call does what was queued before it began. It works in batches and commits each. It leaves no
-- row in recalculation_run. After five seconds it returns, and the next call goes on. It also
-- returns when only companies are left and other changes have come meanwhile.
-- The procedure commits, see recalculate.
-- Raises: 2D000.
create or replace procedure engagement.catch_up(
    inout statement_count bigint default null,
    inout customer_count bigint default null,
    inout left_count bigint default null
)
language plpgsql
as $$
declare
    v_began_at pg_catalog.timestamptz;
    v_step record;
begin
    statement_count := null;
    customer_count := null;
    left_count := null;
    if engagement.is_switched_off() then
        return;
    end if;
    call engagement.check_commits();
    v_began_at := pg_catalog.clock_timestamp();
    loop
        commit;
        set transaction isolation level read committed;
        select s.statement_count, s.customer_count, s.left_count, s.has_more into v_step
        from engagement.catch_up_step(v_began_at) s;
        exit when v_step.statement_count is null;
        statement_count := coalesce(statement_count, 0)
                           operator(pg_catalog.+) v_step.statement_count;
        customer_count := coalesce(customer_count, 0) operator(pg_catalog.+) v_step.customer_count;
        left_count := v_step.left_count;
        exit when not v_step.has_more;
    end loop;
    commit;
end
$$;
comment on procedure engagement.catch_up(bigint, bigint, bigint) is
    'Brings awards, scores and ranks up to date with queued changes and with dates, at a cost that '
    'follows the work; call it as often as you like. Returns how many queue rows it took, how many '
    'customers it summed, and how many queue rows are left for recalculate or a later call. NULL: '
    'it stepped aside for a run or another call, or scoring is switched off. Commits in batches.';
