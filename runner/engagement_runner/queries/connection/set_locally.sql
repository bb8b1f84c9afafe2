-- A parameter of the server, until the transaction ends.
select pg_catalog.set_config(%(name)s, %(value)s, true)
