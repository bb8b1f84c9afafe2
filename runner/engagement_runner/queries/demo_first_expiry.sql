-- The next instant, as text, at which one of the person's awards ceases to count.
select min(expires_at)::text
from engagement.award
where
    customer_id = %(customer)s::engagement.host_key
    and voided_at is null and expires_at > now()
