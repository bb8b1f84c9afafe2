call engagement.refresh_customer(p_customer_id => %(customer)s::engagement.host_key)
