-- One adjustment.
select row_to_json(a)::text
from engagement.score_adjustment as a
where
    a.customer_id = engagement.customer_key(%(customer)s::text)
    and a.source_id = %(source_id)s::engagement.host_key
