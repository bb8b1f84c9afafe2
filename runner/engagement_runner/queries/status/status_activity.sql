-- What the deployed engine is doing: last run, queue, work taken from it and not finished,
-- failures, views that are gone, attached tables. Ages are in seconds. What makes the state failed
-- or stale is one line each; without a run, the last one is as old as the deployment. A run is dead
-- as begin_run sees it. Names are compared, not resolved: the caller may have no right on the host's
-- schemas.
with run as (
    select
        r.run_id,
        r.run_mode,
        r.run_status,
        r.phase,
        r.as_of,
        r.started_at,
        r.finished_at,
        r.failed_sources,
        floor(extract(epoch from now() - coalesce(r.finished_at, r.started_at)))::bigint
            as age_seconds,
        r.run_status = 'RUNNING' and not (
            r.backend_started_at > pg_catalog.pg_postmaster_start_time()
            and exists (
                select
                -- The view over it also reads pg_authid. On a cluster the planner would read that
                -- with the rights of whoever asks.
                from pg_catalog.pg_stat_get_activity(r.backend_pid) as a
                where
                    a.pid = r.backend_pid  -- NULL asks for all
                    and (a.backend_start is null or a.backend_start <= r.backend_started_at)
                    and (a.state is null or a.state = 'active')
            )
        ) as is_dead
    from engagement.recalculation_run as r
    order by r.run_id desc
    limit 1
),

completed as (
    select r.finished_at, r.failed_sources
    from engagement.recalculation_run as r
    where r.run_status = 'COMPLETED' and r.run_mode in ('INCREMENTAL', 'FULL')
    order by r.run_id desc
    limit 1
),

missing as (
    select v.source, v.view_name
    from (
        select s.source, s.view_name
        from engagement.activity_source as s
        where s.detached_at is null
        union all
        select b.source, 'engagement_host.' || b.source
        from (values ('customer'), ('employment'), ('subject')) as b (source)
        where exists (
            select from engagement.activity_source as s
            where s.detached_at is null and s.view_name like 'engagement\_host.%%'
        )
    ) as v
    where not exists (
        select
        from pg_catalog.pg_class as c
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where pg_catalog.format('%%I.%%I', n.nspname, c.relname) = v.view_name
    )
),

fact as (
    select
        greatest(now() - coalesce(
            (select c.finished_at from completed as c),
            (select min(f.applied_at) from engagement_meta.applied_file as f)
        ), interval '0') as run_age,
        coalesce((select greatest(now() - min(p.queued_at), interval '0')
                  from engagement.pending_activity as p), interval '0') as queue_age,
        (
            select count(*) from engagement.scoring_failure as f where f.resolved_at is null
        ) as open_failures,
        pg_catalog.make_interval(secs => %(max_age)s) as max_age,
        pg_catalog.make_interval(secs => %(max_queue_age)s) as max_queue_age
)

select row_to_json(s)::text
from (
    select
        (select row_to_json(r) from run as r) as last_run,
        floor(extract(epoch from f.run_age))::bigint as last_complete_run_age_seconds,
        (
            select coalesce(pg_catalog.cardinality(c.failed_sources), 0) from completed as c
            union all
            select 0
            limit 1
        ) as unread_sources,
        (select count(*) from run as r where r.is_dead) as dead_runs,
        (select count(*) from engagement.pending_activity) as queued_statements,
        (select coalesce(sum(cardinality(keys)), 0) from engagement.pending_activity) as queued_keys,
        (
            select count(*) from engagement.pending_activity where activity_column is null
        ) as queued_sources,
        (select min(queued_at) from engagement.pending_activity) as queued_since,
        floor(extract(epoch from f.queue_age))::bigint as queue_age_seconds,
        (
            select count(*)
            -- As above, not the view. Everybody sees the name of a session.
            from pg_catalog.pg_stat_get_activity(null) as a
            join pg_catalog.pg_database as d on d.oid = a.datid
            where
                d.datname = pg_catalog.current_database()
                and a.application_name = 'engagement follow'
        ) as followers,
        (select count(*) from engagement.recalculation_source) as unfinished_sources,
        (select count(*) from engagement.recalculation_key) as unfinished_keys,
        (select count(*) from engagement.recalculation_customer) as unfinished_customers,
        f.open_failures,
        (
            select coalesce(json_agg(m order by m.source), '[]') from missing as m
        ) as missing_views,
        (
            select p.parameter_value = 'N'
            from engagement.app_parameter as p
            where p.parameter_name = 'CALCULATE_ENGAGEMENT_SCORE_POINTS'
        ) as is_switched_off,
        %(max_age)s::bigint as max_age_seconds,
        %(max_queue_age)s::bigint as max_queue_age_seconds,
        (
            select coalesce(json_agg(l.line order by l.place, l.line), '[]')
            from (
                select
                    1 as place,
                    pg_catalog.format(
                        'run %%s (%%s, in phase %%s) has died: engagement recalculate resumes it',
                        r.run_id, r.run_mode, r.phase
                    ) as line
                from run as r
                where r.is_dead
                union all
                select
                    2,
                    pg_catalog.format(
                        'view %%s of %%s does not exist: mend the adapter, engagement deploy --host '
                        'FILE.sql, engagement recalculate', m.view_name, m.source
                    )
                from missing as m
                union all
                select 3, pg_catalog.format('the last run could not read source %%s', u.source)
                from completed as c
                cross join pg_catalog.unnest(c.failed_sources) as u (source)
                union all
                select
                    4,
                    pg_catalog.format(
                        '%%s open in engagement.scoring_failure (resolved_at is null)',
                        f.open_failures
                    )
                where f.open_failures > 0
            ) as l
        ) as failed,
        (
            select coalesce(json_agg(l.line order by l.place), '[]')
            from (
                select
                    1 as place,
                    pg_catalog.format(
                        'the last complete run is %%s old, more than %%s: engagement recalculate',
                        date_trunc('minute', f.run_age), pg_catalog.justify_hours(f.max_age)
                    ) as line
                where f.run_age > f.max_age
                union all
                select
                    2,
                    pg_catalog.format(
                        'the queue is %%s old, more than %%s: engagement recalculate',
                        date_trunc('minute', f.queue_age), pg_catalog.justify_hours(f.max_queue_age)
                    )
                where f.queue_age > f.max_queue_age
            ) as l
        ) as stale,
        (
            select coalesce(json_agg(t order by t.table_name, t.source, t.key_expression), '[]')
            from (
                select table_name, source, activity_column, key_expression
                from engagement.attached_table
            ) as t
        ) as attached
    from fact as f
) as s
