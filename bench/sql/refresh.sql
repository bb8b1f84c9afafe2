call engagement.refresh_customer(p_customer_id => %(customer)s);
