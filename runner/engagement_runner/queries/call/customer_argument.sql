{name} => engagement.customer_key({value}::text)
