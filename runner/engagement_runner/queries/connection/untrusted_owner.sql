-- Who could become a superuser by what the command calls: the owner of one of the package's schemas,
-- if the session belongs to a superuser and that role is none. To work as that role would not help:
-- what it has put there can take SET ROLE back.
select o.rolname
from pg_catalog.pg_namespace as n
join pg_catalog.pg_roles as o on o.oid = n.nspowner and not o.rolsuper
join pg_catalog.pg_roles as s on s.rolname = session_user and s.rolsuper
where n.nspname in ('engagement', 'engagement_host', 'engagement_meta')
order by n.nspname
limit 1
