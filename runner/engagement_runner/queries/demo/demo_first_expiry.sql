-- The first full minute, as text, at which one of the person's awards no longer counts.
select to_char(
    date_trunc('minute', min(expires_at)) + interval '1 minute', 'YYYY-MM-DD HH24:MI')
from engagement.award
where
    customer_id = %(customer)s::engagement.host_key
    and voided_at is null and expires_at > now()
