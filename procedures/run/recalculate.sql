-- API. The weekly job. A run is a row in recalculation_run and work in the recalculation_* tables.
-- Each call of run_step does one bounded batch of the work, and the loop commits it. So a run holds
-- no long transaction, can be watched, and may die without harm: the next call finishes it first,
-- with its mode and as_of, and then does the run that was asked for.
--
--   PREPARE     FULL queues everything; a view that changed queues its source
--   DEQUEUE     the queue becomes work: whole sources, activities, customers
--   SOURCES     whole sources: compare per customer, then the rows of the customers that differ,
--               apply in batches
--   ACTIVITIES  single activities: compare and apply in batches; customers concerned become work
--   CUSTOMERS   customers whose totals a date has changed; FULL: all whose totals are stale
--   TOTALS      sum and write in batches of customers
--   RANK        percentile and band of everybody, in one pass
--   BANDS       write changed percentiles and bands in batches, and announce them
--
-- The procedure commits. So it cannot be a definer, have a SET clause or run inside a transaction
-- (2D000). The caller's settings have no effect all the same: each transaction is READ COMMITTED,
-- the routines called pin their settings, and nothing here is looked up by search_path.
-- Raises: EG001, EG004, EG006, EG009, 2D000.
create or replace procedure engagement.recalculate(
    p_mode text default 'INCREMENTAL',
    p_customer_id engagement.host_key default null,
    p_as_of timestamptz default null
)
language plpgsql
as $$
begin
    perform engagement.check_mode(p_mode);
    perform engagement.check_instant(p_as_of);
    if engagement.is_switched_off() then
        return;
    elsif p_customer_id is not null then
        perform engagement.refresh(p_customer_id, p_as_of);
        return;
    end if;
    call engagement.check_commits();
    call engagement.drive_run(p_mode, p_as_of);
end
$$;
comment on procedure engagement.recalculate(text, engagement.host_key, timestamptz) is
    'Brings awards and scores up to date as of p_as_of (NULL: now). INCREMENTAL: what the queue, '
    'rules, parameters and dates have changed. FULL: compares and repairs everything as well. With '
    'a customer: as refresh_customer. Commits in batches. Raises EG001 (customer), EG004 (mode), '
    'EG006 (no host), EG009 (another run is under way).';
