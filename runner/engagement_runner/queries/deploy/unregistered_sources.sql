-- Sources that were registered once, but not by the adapter that this transaction has applied; the
-- package's own aside.
select
    s.source,
    'source ' || s.source || ' is not registered by this adapter'
    || case
        when s.detached_at is null then ' and goes on' else ' and keeps the awards it had'
    end as message,
    'If the source was removed, say so, and the next run voids its awards: '
    || 'call engagement.unregister_source(' || pg_catalog.quote_literal(s.source) || ');' as hint
from engagement.activity_source as s
where
    not pg_catalog.starts_with(s.view_name, 'engagement.')
    and s.source <> all (pg_catalog.string_to_array(
        coalesce(pg_catalog.current_setting('engagement.registered_sources', true), ''), ','
    ))
order by s.source
