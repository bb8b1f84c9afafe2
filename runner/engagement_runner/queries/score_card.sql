-- The score card of one customer as JSON text.
select jsonb_pretty(engagement.score_card(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_as_of => coalesce(%(as_of)s::timestamptz, now())))
