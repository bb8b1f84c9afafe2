-- The people whose points a company has, the most points first, and how many people there are.
select row_to_json(p)::text
from (
    select
        customer_id,
        display_name,
        is_employed,
        points,
        own_score,
        last_earned_at,
        count(*) over () as total_count
    from engagement.company_people(engagement.customer_key(%(customer)s::text))
    order by points desc, customer_id
    limit %(rows)s
) as p
