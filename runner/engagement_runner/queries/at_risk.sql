-- Who will fall if nothing happens, the largest fall first.
select row_to_json(r)::text
from engagement.at_risk(
    p_weeks => %(weeks)s::integer, p_fall => %(fall)s::numeric) as r
