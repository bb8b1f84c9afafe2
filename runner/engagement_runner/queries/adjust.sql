-- Key of a new adjustment, as text.
select engagement.adjust(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_points => %(points)s::numeric,
    p_reason => %(reason)s,
    p_expires_at => %(expires_at)s::timestamptz)::text
