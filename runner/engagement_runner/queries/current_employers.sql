-- Who employs a customer on a date; NULL: today.
select row_to_json(e)::text
from engagement.current_employers(
    p_customer_id => engagement.customer_key(%(customer)s::text), p_on => %(on)s::date) as e
