insert into bench.running_total as t (customer_id, own_score, employee_score)
select customer_id, own_score, employee_score
from (
    values
    (%(customer)s::bigint, %(points)s::numeric, 0),
    (nullif(%(employer)s::bigint, %(customer)s::bigint), 0, %(points)s::numeric)
) as v (customer_id, own_score, employee_score)
where customer_id is not null
on conflict (customer_id) do update set
own_score = t.own_score + excluded.own_score,
employee_score = t.employee_score + excluded.employee_score
