-- A parameter of the server, until the session ends.
select pg_catalog.set_config(%(name)s, %(value)s, false)
