-- Whether a trial has set a package in use aside.
select pg_catalog.to_regnamespace('engagement_in_use') is not null
