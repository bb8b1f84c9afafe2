-- Outcomes that this transaction has registered, in their order.
select r.outcome
from pg_catalog.unnest(pg_catalog.string_to_array(
    coalesce(pg_catalog.current_setting('engagement.registered_outcomes', true), ''), ','
)) with ordinality as r (outcome, position)
group by r.outcome
order by min(r.position)
