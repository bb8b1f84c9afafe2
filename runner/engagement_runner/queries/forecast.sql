-- A customer's score so many weeks from now, if nothing happens; weeks: numbers between commas.
select row_to_json(f)::text
from engagement.forecast(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_weeks => string_to_array(%(weeks)s, ',')::integer[]) as f
