-- A transaction of its own.
call engagement.erase_customer(p_customer_id => engagement.customer_key(%(customer)s::text))
