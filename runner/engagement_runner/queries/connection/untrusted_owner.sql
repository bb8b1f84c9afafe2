-- The owner of a schema of the package, if the session belongs to a superuser and the owner is not
-- one. That role could become a superuser through what the command calls. SET ROLE to it would not
-- help, because its code can reset the role.
select o.rolname
from pg_catalog.pg_namespace as n
join pg_catalog.pg_roles as o on o.oid = n.nspowner and not o.rolsuper
join pg_catalog.pg_roles as s on s.rolname = session_user and s.rolsuper
where n.nspname in ('engagement', 'engagement_host', 'engagement_meta')
order by n.nspname
limit 1
