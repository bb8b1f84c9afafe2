-- A company's own points, its people's points and its score at each of some instants.
select row_to_json(t)::text
from (
    select
        p.at,
        p.own_score,
        p.employee_score,
        engagement.bounded_total(p.own_score + p.employee_score, b.floor_points, b.cap_points)
            as score
    from (
        select
            i.at,
            i.number,
            i.own_score,
            engagement.employee_points_at(c.customer_id, i.at) as employee_score
        from (select engagement.customer_key(%(customer)s::text) as customer_id) as c
        cross join unnest(
            %(instants)s::timestamptz [],
            engagement.own_points_at(c.customer_id, %(instants)s::timestamptz [])
        ) with ordinality as i (at, own_score, number)
    ) as p
    cross join engagement.bounds_of_total() as b
    order by p.number
) as t
