-- The server process that serves the runner in this database: the one that runs or has run the job.
select pid
from pg_stat_activity
where datname = current_database() and backend_type = 'client backend'
and pid = (select backend_pid from engagement.recalculation_run order by run_id desc limit 1)
