-- What two companies have on record from their people.
select row_to_json(s)::text
from (
    select c.display_name, s.employee_score
    from engagement.customer_score as s
    join engagement_host.customer as c using (customer_id)
    where s.customer_id in (%(company)s::engagement.host_key, %(other_company)s::engagement.host_key)
    order by s.customer_id = %(company)s::engagement.host_key desc
) as s
