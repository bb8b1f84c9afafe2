-- What the points that count were earned for, the most first, and how many such things there are; of
-- rules those of a category, if one is given.
select row_to_json(p)::text
from (
    select
        dimension_key,
        coalesce(nullif(label, ''), dimension_key, 'None') as label,
        counting_points,
        case
            when sum(counting_points) over () > 0
                then round(counting_points / sum(counting_points) over (), 3)
        end as share,
        points,
        customer_count,
        count(*) over () as total_count
    from engagement.points_by(%(dimension)s) as p
    where
        %(category)s::text is null
        or exists (
            select from engagement.score_rule as r
            where r.rule_code = p.dimension_key and r.category_code = %(category)s
        )
    order by counting_points desc, points desc, dimension_key
    limit %(rows)s
) as p
