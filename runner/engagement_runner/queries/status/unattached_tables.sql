-- Tables that a source's view reads, directly or through other views, without triggers for that
-- source: INCREMENTAL does not see what changes there. Reads inside functions leave no dependency
-- and are not seen here. Names are compared, not resolved: the caller may have no right on the host's
-- schemas.
with recursive relation_found as (
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
),

reading as (
    select s.source, f.oid as relation_id
    from engagement.activity_source as s
    join relation_found as f on f.relation_name = s.view_name
    where s.detached_at is null
    union
    select b.source, f.oid
    from (values ('customer'), ('employment')) as b (source)
    join relation_found as f on f.relation_name = 'engagement_host.' || b.source
    union
    select r.source, d.refobjid
    from reading as r
    join pg_catalog.pg_class as c on c.oid = r.relation_id and c.relkind = 'v'
    join pg_catalog.pg_rewrite as w on w.ev_class = c.oid
    join pg_catalog.pg_depend as d
        on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> c.oid
)
select r.source, c.oid::regclass::text as table_name
from reading as r
join pg_catalog.pg_class as c on c.oid = r.relation_id
where
    c.relkind in ('r', 'p', 'f', 'm')
    and not exists (
        select
        from engagement.attached_table as a
        join engagement.present_attachments() as p on p.attachment_id = a.attachment_id
        where a.source = r.source and p.table_id = c.oid
    )
order by 1, 2
