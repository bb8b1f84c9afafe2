-- One adjustment.
select row_to_json(a)::text
from engagement.score_adjustment as a
where
    a.customer_id = %(customer)s::engagement.host_key
    and a.source_id = %(source_id)s::engagement.host_key
