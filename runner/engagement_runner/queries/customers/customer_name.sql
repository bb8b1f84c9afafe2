-- What the host calls a customer.
select max(display_name)
from engagement.host_customers(
    array[engagement.customer_key(%(customer)s::text)]::engagement.host_key[]
)
