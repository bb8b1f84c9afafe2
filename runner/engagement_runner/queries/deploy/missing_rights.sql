-- The rights that the role lacks to deploy, as statements for its grantor; NULL: none is known to be
-- missing. The host's relations are those that the adapter's text names: with their schema, or alone
-- if they are in the search path. A name in a comment counts too. That does no harm here.
with adapter as (
    select lower(replace(%(adapter)s, '"', '')) as text
),

relation as (
    select
        n.nspname,
        c.relname,
        c.oid,
        c.relkind in ('r', 'p') as is_table,
        '(^|[^a-z0-9_.])' || case
            when n.nspname in (
                select btrim(p.name, ' "')
                from unnest(string_to_array(%(author_path)s, ',')) as p (name)
            ) then '(' || s.name || '\.)?'
            else s.name || '\.'
        end || r.name || '($|[^a-z0-9_])' as mention
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join lateral (
        select regexp_replace(lower(n.nspname), '([^a-z0-9_])', '\\\1', 'g') as name
    ) as s
    cross join lateral (
        select regexp_replace(lower(c.relname), '([^a-z0-9_])', '\\\1', 'g') as name
    ) as r
    where
        c.relkind in ('r', 'p', 'v', 'm', 'f')
        and n.nspname not in (
            'pg_catalog', 'information_schema', 'engagement', 'engagement_host', 'engagement_meta'
        )
        and n.nspname !~ '^pg_(toast|temp)'
),

hosts as (
    select r.nspname, r.relname, r.oid, r.is_table
    from relation as r
    cross join adapter as a
    where a.text ~ r.mention
),

missing as (
    select
        1 as place,
        format('grant create on database %%I to %%I', current_database(), current_user) as statement
    where
        not pg_catalog.has_database_privilege(current_database(), 'create')
        and (
            pg_catalog.to_regnamespace('engagement') is null
            or %(renames)s
        )
    union all
    select 2, format('grant create on tablespace %%I to %%I', t.spcname, current_user)
    from pg_catalog.pg_tablespace as t
    where
        t.spcname = any(%(tablespaces)s::text[])
        and not pg_catalog.has_tablespace_privilege(t.oid, 'create')
    union all
    select distinct 3, format('grant usage on schema %%I to %%I', h.nspname, current_user)
    from hosts as h
    where not pg_catalog.has_schema_privilege(h.nspname, 'usage')
    union all
    select
        4,
        format(
            'grant select%%s on %%s to %%I',
            case when h.is_table then ', trigger' end,
            string_agg(format('%%I.%%I', h.nspname, h.relname), ', ' order by h.nspname, h.relname),
            current_user
        )
    from hosts as h
    where
        not pg_catalog.has_table_privilege(h.oid, 'select')
        or h.is_table and not pg_catalog.has_table_privilege(h.oid, 'trigger')
    group by h.is_table
    union all
    select 5, format('alter role %%I createrole', current_user)
    from pg_catalog.pg_roles as m
    where
        %(roles)s and m.rolname = current_user and not m.rolcreaterole and not m.rolsuper
        and (
            select count(*)
            from pg_catalog.pg_roles as r
            where
                r.rolname in (
                    'engagement_reader', 'engagement_staff', 'engagement_operator',
                    'engagement_admin'
                )
        ) < 4
)

select string_agg(m.statement, '; ' order by m.place, m.statement)
from missing as m
