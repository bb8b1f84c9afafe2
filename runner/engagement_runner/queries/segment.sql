-- The customers of a segment, in its order.
select row_to_json(s)::text
from engagement.segment(%(name)s) as s
