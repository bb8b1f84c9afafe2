-- Releases the lock of deployments.
select pg_catalog.pg_advisory_unlock(%(lock_class)s, %(lock_key)s)
