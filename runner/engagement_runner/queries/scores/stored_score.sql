-- The stored score of one customer.
select row_to_json(s)::text
from (
    select
        customer_id,
        score,
        calculated_at
    from engagement.customer_score
    where customer_id = engagement.customer_key(%(customer)s::text)
) as s
