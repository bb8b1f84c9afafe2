-- What a given backend finished since a given instant.
select row_to_json(r)::text
from (
    select
        run_id, run_mode, as_of, run_status, started_at, finished_at,
        award_count, void_count, score_count, failure_count, failed_sources,
        round(extract(epoch from finished_at - started_at), 1) as seconds
    from engagement.recalculation_run
    where backend_pid = %(backend_pid)s and finished_at >= %(since)s::timestamptz
    order by run_id
) as r
