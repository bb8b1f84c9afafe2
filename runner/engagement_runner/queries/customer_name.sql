-- What the host calls a customer.
select max(display_name)
from engagement.host_customers(array[%(customer)s]::engagement.host_key[])
