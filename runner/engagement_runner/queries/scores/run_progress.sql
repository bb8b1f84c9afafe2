-- The run that a given backend works on now.
select row_to_json(r)::text
from (
    select run_id, run_mode, phase, done_count, total_count
    from engagement.recalculation_run
    where backend_pid = %(backend_pid)s and run_status = 'RUNNING'
    order by run_id desc
    limit 1
) as r
