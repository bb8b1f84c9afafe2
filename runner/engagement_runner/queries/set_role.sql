-- Go on with the rights of another role; 'none': one's own again.
select pg_catalog.set_config('role', %(role)s, false)
