-- Whether this role may verify scores.
select bool_and(has_function_privilege(p.oid, 'execute'))
from pg_catalog.pg_proc as p
where p.pronamespace = 'engagement'::regnamespace and p.proname = 'verify'
