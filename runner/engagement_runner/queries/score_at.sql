-- Own points that count at as_of, as on record at known_at.
select engagement.score_at(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_as_of => coalesce(%(as_of)s::timestamptz, now()),
    p_known_at => coalesce(%(known_at)s::timestamptz, 'infinity'))
