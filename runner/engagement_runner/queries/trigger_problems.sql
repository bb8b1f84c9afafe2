-- Triggers that an attached table should have and has not, and the package's triggers that are
-- disabled. The routine behind an attachment's triggers is called capture__<attachment_id>.
-- Names are compared, not resolved: who asks may have no right on the host's schemas.
with relation_found as (
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
),

trigger_found as (
    select t.tgrelid, t.tgname, t.tgtype, t.tgenabled, p.proname
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    where p.pronamespace = pg_catalog.to_regnamespace('engagement') and not t.tgisinternal
)
select
    a.table_name,
    case
        when r.oid is null then 'does not exist'
        else 'has no ' || e.event_name || ' trigger'
    end || ' (source ' || a.source || ')' as problem
from engagement.attached_table as a
left join relation_found as r on r.relation_name = a.table_name
cross join (values ('insert', 4), ('delete', 8), ('update', 16), ('truncate', 32))
    as e (event_name, event_bit)
where not exists (
    select
    from trigger_found as f
    where
        f.tgrelid = r.oid
        and f.proname = 'capture__' || a.attachment_id
        and f.tgtype & e.event_bit > 0
)
union
select f.tgrelid::regclass::text, 'trigger ' || f.tgname || ' is disabled'
from trigger_found as f
where f.tgenabled in ('D', 'R')
order by 1, 2
