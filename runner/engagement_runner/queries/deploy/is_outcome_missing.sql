-- Whether a view of an outcome is gone that the applied adapter made.
select exists (
    select from engagement.outcome_source as s
    where s.made_by = 'ADAPTER' and pg_catalog.to_regclass(s.view_name) is null
)
