-- The search_path that the session began with: that of its role, its database or its connection string.
select s.reset_val
from pg_catalog.pg_settings as s
where s.name operator(pg_catalog.=) 'search_path'
