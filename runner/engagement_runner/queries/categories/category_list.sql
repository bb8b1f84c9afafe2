-- The categories in the order of a card, and what of them counts in the total.
select row_to_json(c)::text
from (
    select
        c.category_code,
        c.category_name,
        c.sort_order,
        c.counts_in_total,
        c.cap_points,
        c.is_ranked,
        c.inactivity_steps,
        (
            select string_agg(b.band_code, ', ' order by b.from_percentile, b.from_score)
            from engagement.score_band as b
            where b.category_code = c.category_code
        ) as bands
    from engagement.category as c
    order by c.sort_order, c.category_code
) as c
