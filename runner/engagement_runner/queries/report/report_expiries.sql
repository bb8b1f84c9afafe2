-- The awards of a customer that will end within a year, the next first, and how many.
select row_to_json(e)::text
from (
    select
        expires_at,
        days_left,
        coalesce(nullif(description, ''), rule_code) as rule,
        activity,
        points,
        count(*) over () as total_count
    from engagement.explain_score(engagement.customer_key(%(customer)s::text))
    where expires_at <= now() + interval '1 year'
    order by expires_at, points desc, source, source_id
    limit %(rows)s
) as e
