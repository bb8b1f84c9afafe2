-- Nothing to return: raises EG001 for an unknown customer, EG006 without a host.
select engagement.check_customer(engagement.customer_key(%(customer)s::text))
