-- The order with the most points that still count, among orders of people with two employers. Returns
-- the person, the company that has the points, and the person's other employer today.
select row_to_json(o)::text
from (
    select
        w.document_id::text as order_id, c.customer_id::text as customer_id, c.display_name,
        w.employer_id::text as company, e.employer_id::text as other_company
    from (
        select m.employee_id as customer_id
        from engagement_host.employment as m
        where m.end_on is null
        group by m.employee_id
        having count(distinct m.employer_id) = 2
    ) as p
    join engagement_host.customer as c using (customer_id)
    cross join lateral engagement.current_employers(c.customer_id) as e
    join engagement.award as w
        on w.customer_id = c.customer_id and w.employer_id <> e.employer_id
    where
        w.voided_at is null and w.source = 'order_line'
        and w.effective_at <= now() and (w.expires_at is null or w.expires_at > now())
        and w.employer_id in (
            select x.employer_id from engagement.current_employers(c.customer_id) as x
        )
    group by w.document_id, c.customer_id, c.display_name, w.employer_id, e.employer_id
    order by sum(w.points) desc, w.document_id
    limit 1
) as o
