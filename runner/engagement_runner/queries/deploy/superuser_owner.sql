-- The roles that could act as a superuser: owners of attached tables that are not superusers, if the
-- package belongs to a superuser. NULL: none.
select pg_catalog.string_agg(distinct pg_catalog.quote_ident(r.rolname), ', ')
from pg_catalog.pg_namespace as n
join pg_catalog.pg_roles as p on p.oid = n.nspowner and p.rolsuper
cross join engagement.present_attachments() as a
join pg_catalog.pg_class as c on c.oid = a.table_id
join pg_catalog.pg_roles as r on r.oid = c.relowner and not r.rolsuper
where n.nspname = 'engagement'
