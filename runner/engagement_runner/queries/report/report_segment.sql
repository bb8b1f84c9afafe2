-- The first customers of a segment, and how many it has.
select row_to_json(s)::text
from (
    select
        customer_id,
        display_name,
        customer_type,
        score,
        segment_value,
        band_code,
        count(*) over () as total_count
    from engagement.segment(%(name)s, %(category)s)
    order by segment_value desc nulls last, customer_id
    limit %(rows)s
) as s
