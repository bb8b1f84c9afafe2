-- A transaction of its own.
call engagement.erase_customer(p_customer_id => %(customer)s::engagement.host_key)
