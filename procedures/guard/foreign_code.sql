-- Internal. Finds code that runs when a relation is read and that belongs neither to the package's
-- owner nor to a superuser. The owner of such code may change it at any time, and it would run with
-- the reader's rights. Nested views are followed, but not into the package's own schemas: these
-- views were checked when they were created. Operators and domains count, because they call
-- functions. The relation itself counts whatever its kind. Even a table runs code of its owner,
-- because the planner computes constant parts of index expressions. A table that a view reads does
-- not count: a person who has checked the view's text has accepted the table's owner.
-- Reads: pg_catalog.
create or replace function engagement.foreign_code(p_relation regclass)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive reached (relation_id) as (
            select p_relation::oid
            union
            select d.refobjid
            from reached v
            inner join pg_rewrite w on w.ev_class = v.relation_id
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                                      and d.refclassid = 'pg_class'::regclass
            inner join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
            where c.relnamespace not in ('engagement'::regnamespace, 'engagement_host'::regnamespace)
        ),
        used (class_id, object_id) as (
            select d.refclassid, d.refobjid
            from reached v
            inner join pg_rewrite w on w.ev_class = v.relation_id
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        ),
        code (class_id, object_id, owner_id) as (
            select 'pg_class'::regclass, c.oid, c.relowner
            from reached v
            inner join pg_class c on c.oid = v.relation_id
            union
            select 'pg_proc'::regclass, p.oid, p.proowner
            from used u
            left join pg_operator o on u.class_id = 'pg_operator'::regclass and o.oid = u.object_id
            inner join pg_proc p
                on p.oid = case u.class_id when 'pg_proc'::regclass then u.object_id
                                           when 'pg_operator'::regclass then o.oprcode::oid end
            union
            select 'pg_type'::regclass, t.oid, t.typowner
            from used u
            inner join pg_type t on t.oid = u.object_id and t.typtype in ('d', 'r')
            where u.class_id = 'pg_type'::regclass
        )
        select string_agg(format('%s of role %I', pg_describe_object(c.class_id, c.object_id, 0),
                                 r.rolname), ', ' order by c.class_id, c.object_id)
        from code c
        inner join pg_roles r on r.oid = c.owner_id
        where not r.rolsuper
              and c.owner_id <> (select n.nspowner from pg_namespace n
                                 where n.oid = 'engagement'::regnamespace)
    );
end
$$;
comment on function engagement.foreign_code(regclass) is
    'Internal: relations, functions and domains that run when a relation is read and belong to '
    'neither the package''s owner nor a superuser, as text; NULL: none.';
