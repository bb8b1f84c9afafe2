-- Whether the ledger is spread over a Citus cluster; only where its catalogue exists.
select exists (
    select from pg_catalog.pg_dist_partition as p
    where p.logicalrelid = pg_catalog.to_regclass('engagement.award')
)
