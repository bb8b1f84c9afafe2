-- The causes of recent changes of everybody's scores, the largest first.
select row_to_json(c)::text
from (
    select cause, points, award_count, customer_count
    from engagement.score_change
    order by abs(points) desc, cause
) as c
