-- Takes the run whose customers are summed to its end. Nobody reads ranks of a trial.
with summed as (
    delete from engagement.recalculation_customer
)

update engagement.recalculation_run as r
set phase = 'BANDS'
where r.run_status = 'RUNNING'
