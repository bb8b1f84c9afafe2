-- The role that owns the package, unless it is the current role.
select r.rolname
from pg_catalog.pg_namespace as n
join pg_catalog.pg_roles as r on r.oid = n.nspowner
where n.nspname = 'engagement' and r.rolname <> current_user
