-- Nothing to return: raises EG001 for an unknown customer, EG006 without a host.
select engagement.check_customer(%(customer)s::engagement.host_key)
