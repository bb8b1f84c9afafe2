-- Sources that this transaction has registered, in their order.
select r.source
from pg_catalog.unnest(pg_catalog.string_to_array(
    coalesce(pg_catalog.current_setting('engagement.registered_sources', true), ''), ','
)) with ordinality as r (source, position)
group by r.source
order by min(r.position)
