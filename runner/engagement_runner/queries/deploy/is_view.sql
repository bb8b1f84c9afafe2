-- Whether schema engagement has a view of this name.
select exists (
    select
    from pg_catalog.pg_class as c
    where
        c.relnamespace = pg_catalog.to_regnamespace('engagement')
        and c.relname = %(view_name)s and c.relkind = 'v'
)
