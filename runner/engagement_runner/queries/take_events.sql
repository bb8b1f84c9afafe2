-- Events taken off the outbox, the oldest first; they are gone when the transaction commits.
select row_to_json(e)::text
from engagement.take_events(p_limit => %(limit)s::integer) as e
