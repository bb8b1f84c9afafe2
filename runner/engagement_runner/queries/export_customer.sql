-- All that the package holds of a person.
select jsonb_pretty(engagement.export_customer(
    p_customer_id => engagement.customer_key(%(customer)s::text)))
