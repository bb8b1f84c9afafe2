-- A score at each step from begin to end; by default the last twelve months.
select row_to_json(t)::text
from (
    select coalesce(%(end)s::timestamptz, now()) as end_at
) as r
cross join lateral engagement.trend(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_from => coalesce(%(begin)s::timestamptz, r.end_at - interval '12 months'),
    p_to => r.end_at,
    p_step => %(step)s::interval) as t
