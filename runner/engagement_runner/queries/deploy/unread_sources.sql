-- Registered sources that the last run over everybody could not read, each with what was recorded
-- of it last: a view may be there and fail only when its rows are computed. The optional view of
-- merged customers counts as a source here.
select
    s.source,
    coalesce((
        select ': ' || f.sqlstate_code || ' ' || f.message
        from engagement.scoring_failure as f
        where f.source = s.source and f.source_id is null and f.resolved_at is null
        order by f.failed_at desc
        limit 1
    ), '') as reason
from (
    select a.source
    from engagement.activity_source as a
    where a.detached_at is null
    union all
    select 'merged_customer'
    where pg_catalog.to_regclass('engagement_host.merged_customer') is not null
) as s
where s.source = any ((
    select r.failed_sources
    from engagement.recalculation_run as r
    where r.run_status = 'COMPLETED' and r.run_mode in ('INCREMENTAL', 'FULL')
    order by r.run_id desc
    limit 1
)::text [])
order by s.source
