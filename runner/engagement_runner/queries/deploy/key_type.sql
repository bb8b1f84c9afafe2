-- Type of the host's keys in this deployment; no row: not deployed.
select pg_catalog.format_type(t.typbasetype, t.typtypmod)
from pg_catalog.pg_type as t
where t.oid = pg_catalog.to_regtype('engagement.host_key') and t.typtype = 'd'
