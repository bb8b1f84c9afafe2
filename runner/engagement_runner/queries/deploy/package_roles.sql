-- The package's roles that there are, members before what they are members of, and what keeps each:
-- objects and rights of this database, those of others by their number, and
-- people's memberships. The membership of the current role does not count: the creator of a role
-- is a member of it.
with package_role as (
    select r.oid, r.rolname, n.place
    from pg_catalog.pg_roles as r
    join (values
        ('engagement_admin', 1), ('engagement_operator', 2), ('engagement_staff', 3),
        ('engagement_reader', 4))
        as n (name, place) on n.name = r.rolname
),

keeper as (
    select distinct
        d.refobjid as role_id,
        pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) as what
    from pg_catalog.pg_shdepend as d
    where
        d.refclassid = 'pg_catalog.pg_authid'::regclass
        and d.dbid in (
            0, (select b.oid from pg_catalog.pg_database as b where b.datname = current_database())
        )
    union all
    select d.refobjid, format('%s rights or objects in database %s', count(*), b.datname)
    from pg_catalog.pg_shdepend as d
    join pg_catalog.pg_database as b on b.oid = d.dbid
    where d.refclassid = 'pg_catalog.pg_authid'::regclass and b.datname <> current_database()
    group by d.refobjid, b.datname
    union all
    select
        m.roleid, 'the member ' || pg_catalog.pg_get_userbyid(m.member)
    from pg_catalog.pg_auth_members as m
    where
        m.member not in (select p.oid from package_role as p)
        and pg_catalog.pg_get_userbyid(m.member) <> current_user
)

select
    p.rolname::text,
    coalesce(array_agg(distinct k.what) filter (where k.what is not null), '{}') as keepers
from package_role as p
left join keeper as k on k.role_id = p.oid
group by p.oid, p.rolname, p.place
order by p.place
