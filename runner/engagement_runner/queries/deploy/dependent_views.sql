-- Views of schema engagement that call a routine of the package.
select distinct c.relname
from pg_catalog.pg_depend as d
join pg_catalog.pg_rewrite as w on w.oid = d.objid
join pg_catalog.pg_class as c on c.oid = w.ev_class
join pg_catalog.pg_proc as p on p.oid = d.refobjid
where
    d.classid = 'pg_catalog.pg_rewrite'::regclass
    and d.refclassid = 'pg_catalog.pg_proc'::regclass
    and p.pronamespace = pg_catalog.to_regnamespace('engagement')
    and c.relnamespace = p.pronamespace
    and p.proname = %(routine_name)s
order by 1
