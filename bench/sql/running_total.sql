-- Running totals, begun with the sum of what is there: on the customer, and on the employer.
create table bench.running_total (
    customer_id bigint primary key,
    own_score numeric not null default 0,
    employee_score numeric not null default 0
) with (fillfactor = 50);

insert into bench.running_total (customer_id, own_score, employee_score)
select c.customer_id, coalesce(o.points, 0), coalesce(e.points, 0)
from crm.customer as c
left join (
    select customer_id, sum(points) as points from bench.line_point group by customer_id
) as o on o.customer_id = c.customer_id
left join (
    select employer_id, sum(points) as points
    from bench.line_point
    where employer_id <> customer_id
    group by employer_id
) as e on e.employer_id = c.customer_id;
