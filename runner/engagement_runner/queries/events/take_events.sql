-- Events taken off the outbox, the oldest first; they are gone when the transaction commits.
select row_to_json(t)::text
from (
    select
        event_id,
        customer_id,
        event_type,
        from_band,
        to_band,
        score,
        percentile,
        occurred_at,
        created_at,
        category_code
    from engagement.take_events(p_limit => %(limit)s::integer)
) as t
