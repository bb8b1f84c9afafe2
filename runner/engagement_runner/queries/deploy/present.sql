-- What the database has: the package, a schema crm (its comment; NULL: no such schema), Citus, and
-- a record of releases.
select
    pg_catalog.to_regclass('engagement_meta.applied_file') is not null as is_deployed,
    (
       select coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
       from pg_catalog.pg_namespace as n
       where n.nspname = 'crm'
   ) as crm,
    pg_catalog.to_regclass('pg_catalog.pg_dist_partition') is not null as has_citus,
    pg_catalog.to_regclass('engagement_meta.deployment') is not null as has_release
