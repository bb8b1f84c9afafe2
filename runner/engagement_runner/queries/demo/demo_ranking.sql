-- The five people with the highest scores.
select row_to_json(r)::text
from (
    select s.customer_id, c.display_name, s.score, s.ytd_score, s.overview_score
    from engagement.customer_score as s
    join engagement_host.customer as c using (customer_id)
    where c.customer_type = 'INDIVIDUAL'
    order by s.score desc, s.customer_id
    limit 5
) as r
