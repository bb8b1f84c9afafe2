-- Routines of schema engagement, generated ones included, that everybody may execute.
select p.oid::regprocedure::text
from pg_catalog.pg_proc as p
where
    p.pronamespace = pg_catalog.to_regnamespace('engagement')
    and exists (
        select
        from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
        where a.grantee = 0 and a.privilege_type = 'EXECUTE'
    )
order by 1
