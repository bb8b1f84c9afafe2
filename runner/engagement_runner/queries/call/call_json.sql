-- The JSON that a function of the engine returns, as text.
select pg_catalog.jsonb_pretty(engagement.{routine}({arguments}))
