-- Commits in batches: call it outside a transaction.
call engagement.recalculate(
    p_mode => %(mode)s,
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_as_of => %(as_of)s::timestamptz)
