-- Internal. Allows one merge at a time: two of them could close a circle, or move the same row.
-- Locks: advisory (class of the package, 5), until the end of the transaction.
create or replace function engagement.lock_merges()
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    select pg_advisory_xact_lock(engagement.lock_class(), 5)
$$;
comment on function engagement.lock_merges() is
    'Internal: serialises merges of customers until the end of the transaction.';
