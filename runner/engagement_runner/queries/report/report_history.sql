-- Points by category over the last twelve months, of categories that had any, with their sum.
select row_to_json(h)::text
from (
    select
        c.at,
        c.category_code,
        c.category_name,
        c.points,
        sum(c.points) filter (where %(category)s::text is null or c.category_code = %(category)s)
            over (partition by c.at) as total_points,
        bool_or(c.points <> 0) over (partition by c.category_code) as is_used,
        c.position
    from engagement.category_history(12) with ordinality as c (
        at, category_code, category_name, points, position
    )
) as h
where h.is_used and (%(category)s::text is null or h.category_code = %(category)s)
order by h.position
