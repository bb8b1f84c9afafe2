-- Whether the adapter has the optional view of merged customers.
select pg_catalog.to_regclass('engagement_host.merged_customer') is not null
