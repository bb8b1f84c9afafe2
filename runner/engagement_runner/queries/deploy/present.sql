-- What the database has: the package, a schema crm, Citus, and a record of releases.
select
    pg_catalog.to_regclass('engagement_meta.applied_file') is not null as is_deployed,
    pg_catalog.to_regnamespace('crm') is not null as has_crm,
    pg_catalog.to_regclass('pg_catalog.pg_dist_partition') is not null as has_citus,
    pg_catalog.to_regclass('engagement_meta.deployment') is not null as has_release
