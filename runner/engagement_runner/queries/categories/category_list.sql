-- The categories in the order of a card, and what of them counts in the total.
select row_to_json(c)::text
from (
    select
        category_code,
        category_name,
        sort_order,
        counts_in_total,
        cap_points
    from engagement.category
    order by sort_order, category_code
) as c
