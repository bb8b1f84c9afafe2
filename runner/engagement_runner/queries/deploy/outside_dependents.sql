-- Objects of other schemas that would go if all in the given schemas were dropped with CASCADE:
-- views, columns, defaults, routines and constraints that people built on it. The triggers that the
-- package itself put on the host's tables are none of them.
with package_object as (
    select 'pg_catalog.pg_class'::regclass as class_id, c.oid, c.relnamespace as schema_id
    from pg_catalog.pg_class as c
    union all
    select 'pg_catalog.pg_proc'::regclass, p.oid, p.pronamespace
    from pg_catalog.pg_proc as p
    union all
    select 'pg_catalog.pg_type'::regclass, t.oid, t.typnamespace
    from pg_catalog.pg_type as t
),

package_schema as (
    select pg_catalog.to_regnamespace(s.name)::oid as schema_id
    from unnest(%(schemas)s::text[]) as s (name)
),

dependent as (
    select distinct
        d.classid,
        d.objid,
        coalesce(
            c.relnamespace,
            pg_catalog.to_regnamespace((pg_catalog.pg_identify_object(d.classid, d.objid, 0)).schema)
        )::oid as schema_id
    from package_object as o
    join package_schema as s on s.schema_id = o.schema_id
    join pg_catalog.pg_depend as d
        on d.refclassid = o.class_id and d.refobjid = o.oid and d.deptype = 'n'
    left join pg_catalog.pg_rewrite as w
        on d.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = d.objid
    left join pg_catalog.pg_attrdef as f
        on d.classid = 'pg_catalog.pg_attrdef'::regclass and f.oid = d.objid
    left join pg_catalog.pg_trigger as t
        on d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid
    left join pg_catalog.pg_policy as y
        on d.classid = 'pg_catalog.pg_policy'::regclass and y.oid = d.objid
    left join pg_catalog.pg_class as c
        on c.oid = coalesce(w.ev_class, f.adrelid, t.tgrelid, y.polrelid)
)

select pg_catalog.pg_describe_object(d.classid, d.objid, 0)
from dependent as d
where
    d.schema_id not in (select s.schema_id from package_schema as s where s.schema_id is not null)
    and not exists (
        select
        from pg_catalog.pg_trigger as t
        join pg_catalog.pg_proc as p on p.oid = t.tgfoid
        where
            d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid
            and p.pronamespace = pg_catalog.to_regnamespace('engagement')
            and pg_catalog.starts_with(p.proname, 'capture__')
    )
order by 1
