-- The role in force, 'none': one's own.
select pg_catalog.current_setting('role')
