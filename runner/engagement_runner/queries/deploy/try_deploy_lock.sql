-- Takes the lock of deployments if it is free. Returns whether this session has it now.
select pg_catalog.pg_try_advisory_lock(%(lock_class)s, %(lock_key)s)
