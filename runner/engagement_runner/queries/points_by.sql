-- What points were earned for, the most first; months and years in their order.
select row_to_json(b)::text
from engagement.points_by(
    p_dimension => %(dimension)s,
    p_segment => %(segment)s,
    p_company_id => engagement.customer_key(%(company)s::text),
    p_from => %(begin)s::timestamptz,
    p_to => %(end)s::timestamptz) as b
