-- Where the session makes tables; empty: where the database is.
select pg_catalog.current_setting('default_tablespace')
