-- The rows of a function of the engine, a JSON object each.
select pg_catalog.row_to_json(r)::text
from engagement.{routine}({arguments}) as r
