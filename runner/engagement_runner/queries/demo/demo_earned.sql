-- What the person's latest purchase earned, the sum in the last row.
select row_to_json(e)::text
from (
    select
        coalesce(r.rule_code, 'Together') as rule_code, r.description, sum(a.points) as points,
        case when r.rule_code is not null then max(a.expires_at) end as expires_at
    from engagement.award as a
    join engagement.score_rule as r using (rule_id)
    where
        a.customer_id = %(customer)s::engagement.host_key and a.voided_at is null
        and a.source = 'order_line' and a.source_id = (
            select max(l.order_line_id) from crm.order_line as l
            where l.ship_customer_id = a.customer_id
        )
    group by grouping sets ((r.rule_code, r.description), ())
    order by r.rule_code nulls last
) as e
