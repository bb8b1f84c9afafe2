-- Seconds that the last run has ranked.
select extract(epoch from d.began_at - r.began_at)::double precision
from bench.phase_time as r
join bench.phase_time as d on d.run_id = r.run_id and d.phase = 'DONE'
where r.phase = 'RANK'
order by r.run_id desc
limit 1
