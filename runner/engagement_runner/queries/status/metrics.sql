-- What a monitoring system asks for, one row for each metric: its name, what it says, its value.
-- Without a run the last one is as old as the deployment. A run is dead as begin_run sees it. The
-- number of awards is an estimate, because counting a large ledger takes long.
with completed as (
    select r.started_at, r.finished_at, r.failed_sources
    from engagement.recalculation_run as r
    where r.run_status = 'COMPLETED' and r.run_mode in ('INCREMENTAL', 'FULL')
    order by r.run_id desc
    limit 1
),

queue as (
    select
        count(*) as statements,
        coalesce(sum(cardinality(p.keys)), 0) as keys,
        count(*) filter (where p.activity_column is null) as sources,
        min(p.queued_at) as since,
        min(p.queued_at) filter (where p.activity_column is not null) as follow_since
    from engagement.pending_activity as p
),

event as (
    select count(*) as waiting, min(e.created_at) as since from engagement.score_event as e
)

select row_to_json(m)::text
from (
    select
        'engagement_' || v.metric as name,
        v.description as help,
        v.reading::double precision as value
    from queue as q
    cross join event as e
    left join completed as c on true
    cross join lateral (
        values
        ('queue_statements', 'Statements of the host that wait to be scored.', q.statements),
        ('queue_keys', 'Keys of host rows that wait to be scored.', q.keys),
        ('queue_sources', 'Whole sources that wait for the next run.', q.sources),
        ('queue_age_seconds', 'Age of the oldest change that waits; 0: none waits.',
         coalesce(extract(epoch from now() - q.since), 0)),
        ('follow_lag_seconds',
         'Age of the oldest change that engagement follow is to score; 0: none.',
         coalesce(extract(epoch from now() - q.follow_since), 0)),
        ('followers', 'Sessions of engagement follow.', (
            select count(*)
            -- Not the view, see status_activity. Everybody sees the name of a session.
            from pg_catalog.pg_stat_get_activity(null) as a
            join pg_catalog.pg_database as d on d.oid = a.datid
            where
                d.datname = pg_catalog.current_database()
                and a.application_name = 'engagement follow'
        )),
        ('last_run_age_seconds', 'Time since the last complete run over everybody ended.',
         extract(epoch from now() - coalesce(
             c.finished_at, (select min(f.applied_at) from engagement_meta.applied_file as f)))),
        ('last_run_end_timestamp_seconds', 'When the last complete run over everybody ended.',
         extract(epoch from c.finished_at)),
        ('last_run_duration_seconds', 'How long the last complete run over everybody took.',
         extract(epoch from c.finished_at - c.started_at)),
        ('last_run_unread_sources', 'Sources that the last complete run could not read.',
         coalesce(cardinality(c.failed_sources), 0)),
        ('dead_runs', 'Runs under way whose session is gone; the next run goes on with them.', (
            select count(*)
            from engagement.recalculation_run as r
            where
                r.run_status = 'RUNNING' and not (
                    r.backend_started_at > pg_catalog.pg_postmaster_start_time()
                    and exists (
                        select
                        from pg_catalog.pg_stat_get_activity(r.backend_pid) as a
                        where
                            a.pid = r.backend_pid
                            and (a.backend_start is null or a.backend_start <= r.backend_started_at)
                            and (a.state is null or a.state = 'active')
                    )
                )
        )),
        ('open_failures', 'Failures that nothing has resolved.',
         (select count(*) from engagement.scoring_failure as f where f.resolved_at is null)),
        ('events_waiting', 'Events that no consumer has taken.', e.waiting),
        ('event_age_seconds', 'Age of the oldest event that waits; 0: none waits.',
         coalesce(extract(epoch from now() - e.since), 0)),
        ('customers', 'Customers that have a score.',
         (select count(*) from engagement.customer_score)),
        ('ledger_awards', 'Awards in the ledger, voided ones too: the estimate of the planner.',
         (select greatest(t.reltuples, 0)
          from pg_catalog.pg_class as t
          where t.oid = 'engagement.award'::regclass)),
        ('ledger_bytes', 'Size of the ledger with its indexes, on this node.',
         pg_catalog.pg_total_relation_size('engagement.award')),
        ('queue_bytes', 'Size of the queue with its indexes.',
         pg_catalog.pg_total_relation_size('engagement.pending_activity')),
        ('scoring_on', '1: scoring is on; 0: CALCULATE_ENGAGEMENT_SCORE_POINTS is N.',
         (engagement.parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'Y')::integer)
    ) as v (metric, description, reading)
    where v.reading is not null
) as m
