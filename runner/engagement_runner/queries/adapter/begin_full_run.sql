-- Begins a run that compares everything.
select r.run_id
from engagement.begin_run(p_mode => 'FULL', p_as_of => %(as_of)s::timestamptz) as r
