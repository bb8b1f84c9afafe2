-- Routines in schema engagement, without those that registration generates (their names contain
-- a double underscore).
select
    p.proname,
    pg_catalog.pg_get_function_identity_arguments(p.oid) as identity_args,
    pg_catalog.md5(row(
        pg_catalog.pg_get_function_arguments(p.oid),
        pg_catalog.pg_get_function_result(p.oid),
        coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc),
        p.proconfig,
        p.prosecdef,
        p.provolatile,
        l.lanname
    )::text) as fingerprint,
    p.oid::regprocedure::text as signature
from pg_catalog.pg_proc as p
join pg_catalog.pg_language as l on l.oid = p.prolang
where
    p.pronamespace = pg_catalog.to_regnamespace('engagement')
    and position('__' in p.proname) = 0
order by p.proname, identity_args
