-- Events of the outbox, the oldest first. No other consumer gets them for the given minutes.
select row_to_json(h)::text
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
    from engagement.hold_events(
        p_limit => %(limit)s::integer, p_minutes => %(minutes)s::integer)
) as h
