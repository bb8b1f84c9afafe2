-- Customers whose name has the text in it, or whose key is it; the active ones first.
select row_to_json(f)::text
from (
    select
        c.customer_id,
        c.display_name,
        c.customer_type,
        c.is_active,
        s.score
    from (
        select
            h.customer_id,
            h.display_name,
            h.customer_type,
            coalesce(h.is_active, false) as is_active
        from engagement.host_customers() as h
        where
            position(lower(%(text)s::text) in lower(h.display_name)) > 0
            or h.customer_id::text = %(text)s::text
        order by coalesce(h.is_active, false) desc, h.display_name, h.customer_id
        limit %(limit)s
    ) as c
    left join engagement.customer_score as s on c.customer_id = s.customer_id
    order by c.is_active desc, c.display_name, c.customer_id
) as f
