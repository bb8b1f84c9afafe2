-- Those of the customers whose stored score has points.
select customer_id
from engagement.customer_score
where customer_id = any(%(customers)s::bigint []) and own_score > 0
