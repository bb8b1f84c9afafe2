-- A row per award that counts at as_of, as on record at known_at.
select row_to_json(e)::text
from engagement.explain_score(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_as_of => coalesce(%(as_of)s::timestamptz, now()),
    p_known_at => coalesce(%(known_at)s::timestamptz, 'infinity')) as e
