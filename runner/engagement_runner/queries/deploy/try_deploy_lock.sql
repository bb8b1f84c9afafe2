-- The lock of deployments, if nobody has it: whether it is ours now.
select pg_catalog.pg_try_advisory_lock(%(lock_class)s, %(lock_key)s)
