-- Routines of one name in schema engagement, as DROP ROUTINE takes them.
select p.oid::regprocedure::text
from pg_catalog.pg_proc as p
where p.pronamespace = pg_catalog.to_regnamespace('engagement') and p.proname = %(routine_name)s
