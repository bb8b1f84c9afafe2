-- The session's search_path; every name is written in full.
select pg_catalog.current_setting('search_path')
