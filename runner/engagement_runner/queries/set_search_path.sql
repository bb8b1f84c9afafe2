-- Another search_path for the session.
select pg_catalog.set_config('search_path', %(search_path)s, false)
