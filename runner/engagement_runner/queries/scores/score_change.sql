-- What has moved everybody's scores lately, the largest cause first.
select row_to_json(c)::text
from (
    select cause, points, award_count, customer_count
    from engagement.score_change
    order by abs(points) desc, cause
) as c
