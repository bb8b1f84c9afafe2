-- What the host has done to its tables and views that keeps sources from being read or changes from
-- being seen, with the line that mends it.
select row_to_json(h)::text
from engagement.host_problems() as h
