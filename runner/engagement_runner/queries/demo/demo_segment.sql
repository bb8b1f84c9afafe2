-- The first five of a segment.
select row_to_json(s)::text
from engagement.segment(%(name)s) as s
limit 5
