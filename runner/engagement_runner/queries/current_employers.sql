-- Who employs a customer on a date; NULL: today.
select row_to_json(e)::text
from engagement.current_employers(
    p_customer_id => %(customer)s::engagement.host_key, p_on => %(on)s::date) as e
