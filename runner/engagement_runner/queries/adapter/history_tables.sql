-- Tables that may keep the states of the rows of a table: they refer to it, have a column of a state
-- and one of a date or an instant, and no view reads them.
select row_to_json(f)::text
from (
    select distinct on (c.oid)
        n.nspname as history_schema,
        c.relname as history_name,
        k.attname as key_name,
        s.attname as state_name,
        d.attname as date_name
    from pg_catalog.pg_constraint as r
    join pg_catalog.pg_class as c on c.oid = r.conrelid and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute as k on k.attrelid = c.oid and k.attnum = r.conkey[1]
    join pg_catalog.pg_attribute as s
        on s.attrelid = c.oid and s.attnum > 0 and not s.attisdropped
        and (s.attname = %(column_name)s or s.attname ~ 'stat(e|us|ut)|stage|phase')
    join pg_catalog.pg_attribute as o
        on o.attrelid = r.confrelid and o.attname = %(column_name)s and o.atttypid = s.atttypid
    join pg_catalog.pg_attribute as d
        on d.attrelid = c.oid and d.attnum > 0 and not d.attisdropped
        and d.atttypid in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
    where
        r.contype = 'f' and cardinality(r.conkey) = 1 and c.oid <> r.confrelid
        and r.confrelid
        = to_regclass(format('%%I.%%I', %(schema_name)s::text, %(table_name)s::text))
        and not exists (
            select
            from pg_catalog.pg_depend as u
            join pg_catalog.pg_rewrite as w
                on u.classid = 'pg_catalog.pg_rewrite'::regclass and u.objid = w.oid
            join pg_catalog.pg_class as v on v.oid = w.ev_class
            where
                u.refclassid = 'pg_catalog.pg_class'::regclass and u.refobjid = c.oid
                and v.relnamespace = 'engagement_host'::regnamespace
        )
    order by c.oid, s.attname <> %(column_name)s, s.attnum, d.attnum
) as f
