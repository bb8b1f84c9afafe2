-- Gives the package's owner the objects that other roles own in its schemas. An earlier deployment
-- by another role left its new objects to that role.
do $$
declare
    v_owner_id constant oid := (
        select n.nspowner from pg_catalog.pg_namespace as n where n.nspname = 'engagement'
    );
    v_statement text;
begin
    for v_statement in
        select format('alter %s %s owner to %s', o.kind, o.name, v_owner_id::regrole)
        from (
            select c.relowner as owner_id, c.relnamespace as schema_id, c.oid::regclass::text as name,
                   case c.relkind when 'v' then 'view' else 'table' end as kind
            from pg_catalog.pg_class as c
            where c.relkind in ('r', 'v')
            union all
            select p.proowner, p.pronamespace, p.oid::regprocedure::text, 'routine'
            from pg_catalog.pg_proc as p
            union all
            select t.typowner, t.typnamespace, t.oid::regtype::text,
                   case t.typtype when 'd' then 'domain' else 'type' end
            from pg_catalog.pg_type as t
            left join pg_catalog.pg_class as c on c.oid = t.typrelid
            where t.typtype = 'd' or (t.typtype = 'c' and c.relkind = 'c')
            union all
            select n.nspowner, n.oid, n.oid::regnamespace::text, 'schema'
            from pg_catalog.pg_namespace as n
        ) as o
        where o.schema_id in (
                  select n.oid from pg_catalog.pg_namespace as n
                  where n.nspname in ('engagement', 'engagement_host', 'engagement_meta'))
              and o.owner_id <> v_owner_id
    loop
        execute v_statement;
    end loop;
end
$$
