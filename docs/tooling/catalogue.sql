-- What the reference pages show: every table, view and routine of the package with its COMMENTs,
-- one JSON object a row. Left out are routines that registration generates (their names hold __).
select row_to_json(o)::text
from (
    select
        case when c.relkind in ('v', 'm') then 'view' else 'table' end as kind,
        n.nspname || '.' || c.relname as name,
        '' as arguments,
        '' as result,
        obj_description(c.oid, 'pg_class') as description,
        (
            select json_agg(
                json_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'is_required', a.attnotnull,
                    'default', pg_get_expr(d.adbin, d.adrelid),
                    'description', col_description(c.oid, a.attnum))
                order by a.attnum)
            from pg_catalog.pg_attribute as a
            left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ) as columns
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where
        n.nspname in ('engagement', 'engagement_meta') and c.relkind in ('r', 'p', 'v', 'm')
    union all
    select
        case p.prokind when 'p' then 'procedure' else 'function' end,
        n.nspname || '.' || p.proname,
        pg_get_function_arguments(p.oid),
        pg_get_function_result(p.oid),
        obj_description(p.oid, 'pg_proc'),
        null
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = 'engagement' and p.proname !~ '__' and p.prorettype <> 'trigger'::regtype
) as o
order by o.name, o.arguments
