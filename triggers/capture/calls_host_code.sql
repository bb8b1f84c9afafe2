-- Internal. Whether views call a function that may read any table: one of the host's own that is
-- not immutable. Functions of the package and of extensions read no table of the host.
-- Reads: pg_catalog (pg_depend of the views' rules, through nested views).
create or replace function engagement.calls_host_code(p_view_names text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        with recursive reached (view_oid) as (
            select to_regclass(n)::oid from unnest(p_view_names) u (n)
            union
            select d.refobjid
            from reached v
            inner join pg_rewrite r on r.ev_class = v.view_oid
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                      and d.refclassid = 'pg_class'::regclass
            inner join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
        )
        select
        from reached v
        inner join pg_rewrite r on r.ev_class = v.view_oid
        inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                  and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
        left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
        inner join pg_proc p on p.oid = coalesce(o.oprcode::oid, d.refobjid)
        inner join pg_language l on l.oid = p.prolang
        where p.provolatile <> 'i' and l.lanname not in ('internal', 'c')
              and p.pronamespace <> 'engagement'::regnamespace
              and not exists (
                  select from pg_depend e
                  where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
    );
end
$$;
comment on function engagement.calls_host_code(text[]) is
    'Internal: true if these views, or views below them, call a function of the host that may read '
    'any table.';
