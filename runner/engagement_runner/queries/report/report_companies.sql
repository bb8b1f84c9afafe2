-- Active companies, the highest score first, with the participation of their employees.
select row_to_json(c)::text
from (
    select
        s.customer_id,
        h.display_name,
        s.score,
        s.own_score,
        s.employee_score,
        coalesce(p.employee_count, 0) as employee_count,
        coalesce(p.engaged_count, 0) as engaged_count,
        p.participation_rate,
        p.average_score,
        count(*) over () as total_count
    from engagement.customer_score as s
    inner join engagement.host_customers() as h on s.customer_id = h.customer_id
    left join engagement.participation(p_as_of => engagement.scored_at()) as p
        on s.customer_id = p.company_id
    where s.ranked_type = 'COMPANY'
    order by s.score desc, s.customer_id
    limit %(rows)s
) as c
