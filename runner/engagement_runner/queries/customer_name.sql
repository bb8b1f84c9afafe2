-- What the host calls a customer.
select max(display_name)
from engagement_host.customer
where customer_id = engagement.customer_key(%(customer)s::text)
