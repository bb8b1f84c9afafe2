-- The score card of one customer as JSON text.
select jsonb_pretty(engagement.score_card(
    p_customer_id => %(customer)s::engagement.host_key,
    p_as_of => coalesce(%(as_of)s::timestamptz, now())))
