-- Columns of the host that may say whether a row counts: a view of the adapter, or one below it, reads
-- the column, and the column has the name of a state or is compared with a list of literals. Columns
-- that are known to have more than fifty values are none. numbers: those that the column is compared
-- with.
with recursive reached as (
    select
        n.name as source,
        to_regclass(engagement.source_view(n.name))::oid as view_oid
    from unnest(%(sources)s::text[]) as n (name)
    union
    select r.source, d.refobjid
    from reached as r
    join pg_catalog.pg_rewrite as w on w.ev_class = r.view_oid
    join pg_catalog.pg_depend as d
        on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class as c on c.oid = d.refobjid and c.relkind = 'v'
),

definition as (
    select d.view_oid, pg_get_viewdef(d.view_oid, true) as text
    from (select distinct r.view_oid from reached as r where r.view_oid is not null) as d
),

read as (
    select
        a.attrelid,
        a.attnum,
        array_agg(distinct r.source order by r.source) as sources
    from reached as r
    join pg_catalog.pg_rewrite as w on w.ev_class = r.view_oid
    join pg_catalog.pg_depend as d
        on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class as c on c.oid = d.refobjid and c.relkind in ('r', 'p', 'f', 'm')
    join pg_catalog.pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where a.attnum > 0
    group by a.attrelid, a.attnum
)

select row_to_json(f)::text
from (
    select
        n.nspname as schema_name,
        c.relname as table_name,
        a.attname as column_name,
        array_to_string(r.sources, ', ') as sources,
        u.text as used_in,
        (select string_agg(f.text, e'\n') from definition as f) as listed_in,
        array(
            select btrim(m.value)
            from regexp_matches(
                u.text,
                p.column_pattern || '(?:=|<>|WHEN)\s*(?:(?:ANY|ALL)\s*\(+ARRAY\[)?([0-9]+(?:, [0-9]+)*)',
                'g'
            ) as g
            cross join unnest(string_to_array(g[1], ',')) as m (value)
        ) as numbers
    from read as r
    join pg_catalog.pg_attribute as a on a.attrelid = r.attrelid and a.attnum = r.attnum
    join pg_catalog.pg_type as t on t.oid = a.atttypid
    join pg_catalog.pg_class as c on c.oid = r.attrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join lateral (
        select string_agg(f.text, e'\n') as text
        from definition as f
        where f.view_oid in (select o.view_oid from reached as o where o.source = any(r.sources))
    ) as u
    left join pg_catalog.pg_stats as s
        on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
        and not s.inherited
    cross join lateral (
        select
            '\m' || engagement.as_pattern(a.attname) || '\M"?\)*(?:::[a-z ]+(?:\(\d+\))?\)*)*\s*'
                as column_pattern
    ) as p
    where
        (t.typcategory in ('S', 'E') or t.oid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype))
        and (
            a.attname ~ '(^|_)(stat(e|us|ut)|stage|phase|type|kind)|[a-z](Stat(e|us)|Stage|Type|Kind)'
            or u.text ~ (p.column_pattern || '(=|<>) (ANY|ALL) \(+ARRAY\[[''0-9]')
        )
        and coalesce(
            case when s.n_distinct < 0 then -s.n_distinct * c.reltuples else s.n_distinct end, 0
        ) <= 50
    order by 1, 2, 3
) as f
