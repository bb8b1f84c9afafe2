-- A customer's score so many weeks from now, if nothing happens; weeks: numbers between commas.
select row_to_json(f)::text
from engagement.forecast(
    p_customer_id => %(customer)s::engagement.host_key,
    p_weeks => string_to_array(%(weeks)s, ',')::integer[]) as f
