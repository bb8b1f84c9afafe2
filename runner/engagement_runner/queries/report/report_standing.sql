-- What a score card does not say: the name of the customer's band, and whether the host counts the
-- customer as active. A customer that the host does not know is not active.
select row_to_json(s)::text
from (
    select
        coalesce(nullif(b.label, ''), b.band_code) as band,
        coalesce(c.is_active, false) as is_active
    from (select engagement.customer_key(%(customer)s::text) as customer_id) as k
    left join engagement.host_customers(
        array[engagement.customer_key(%(customer)s::text)]::engagement.host_key[]
    ) as c on k.customer_id = c.customer_id
    left join engagement.customer_score as s on k.customer_id = s.customer_id
    left join engagement.score_band as b on s.band_code = b.band_code
) as s
