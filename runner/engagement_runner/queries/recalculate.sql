-- Commits in batches: call it outside a transaction.
call engagement.recalculate(
    p_mode => %(mode)s,
    p_customer_id => %(customer)s::engagement.host_key,
    p_as_of => %(as_of)s::timestamptz)
