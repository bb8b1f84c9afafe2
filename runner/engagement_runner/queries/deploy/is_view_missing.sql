-- Whether a view that the applied adapter shows the host by is gone. The package's own views are
-- files of it.
select
    exists (
        select from pg_catalog.unnest(array['customer', 'employment', 'subject']) as u (name)
        where pg_catalog.to_regclass('engagement_host.' || u.name) is null
    )
    or exists (
        select from engagement.activity_source as s
        where
            s.detached_at is null
            and not pg_catalog.starts_with(s.view_name, 'engagement.')
            and pg_catalog.to_regclass(s.view_name) is null
    )
