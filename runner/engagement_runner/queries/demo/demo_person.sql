-- A person with a medium score and points in several categories. None of their awards begins or ends
-- in the next eight weeks, so every change that the demonstration shows comes from its own order.
select row_to_json(p)::text
from (
    select s.customer_id::text as customer_id, c.display_name
    from engagement.customer_score as s
    join engagement_host.customer as c using (customer_id)
    where
        c.customer_type = 'INDIVIDUAL' and c.is_active
        and s.score between 20 and 200
        and not exists (
            select 1 from engagement.award as a
            where
                a.customer_id = s.customer_id and a.voided_at is null
                and (
                    a.expires_at between now() and now() + interval '57 days'
                    or a.effective_at between now() and now() + interval '57 days'
                )
        )
    order by
        (
            select count(*) from engagement.category_score as g
            where g.customer_id = s.customer_id and g.score > 0
        ) desc,
        s.score desc, s.customer_id
    limit 1
) as p
