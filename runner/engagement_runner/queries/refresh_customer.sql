call engagement.refresh_customer(p_customer_id => engagement.customer_key(%(customer)s::text))
