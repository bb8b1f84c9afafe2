-- Internal. Allows one change of rules, parameters or sources at a time, because these changes
-- rewrite functions and number versions.
-- Locks: advisory (class of the package, 3), until the end of the transaction.
create or replace function engagement.lock_setup()
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    select pg_advisory_xact_lock(engagement.lock_class(), 3)
$$;
comment on function engagement.lock_setup() is
    'Internal: serialises changes of the setup until the end of the transaction.';
