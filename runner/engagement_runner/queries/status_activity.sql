-- What the deployed engine is doing: last run, queue, work taken from it and not finished, failures, attached tables.
select row_to_json(s)::text
from (
    select
        (
            select row_to_json(r)
            from (
                select run_id, run_mode, run_status, phase, as_of, started_at, finished_at
                from engagement.recalculation_run
                order by run_id desc
                limit 1
            ) as r
        ) as last_run,
        (select count(*) from engagement.pending_activity) as queued_statements,
        (select coalesce(sum(cardinality(keys)), 0) from engagement.pending_activity) as queued_keys,
        (
            select count(*) from engagement.pending_activity where activity_column is null
        ) as queued_sources,
        (select count(*) from engagement.recalculation_source) as unfinished_sources,
        (select count(*) from engagement.recalculation_key) as unfinished_keys,
        (select count(*) from engagement.recalculation_customer) as unfinished_customers,
        (select count(*) from engagement.scoring_failure where resolved_at is null) as open_failures,
        (
            select coalesce(json_agg(t order by t.table_name, t.source), '[]')
            from (
                select table_name, source, activity_column
                from engagement.attached_table
            ) as t
        ) as attached
) as s
