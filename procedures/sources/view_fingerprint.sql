-- Internal. One MD5 of the definition of an activity view, including all nested views. search_path
-- is pinned, because the text of a view's definition depends on it. Showing a definition locks the
-- tables that the view reads. If the host has locked one of them, this gives up before the server
-- looks for a deadlock, so that the host is never the victim.
-- Reads: pg_catalog. Locks: ACCESS SHARE on what the views read. Raises: 55P03.
create or replace function engagement.view_fingerprint(p_view_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '500ms'
as $$
begin
    return (
        with recursive reached (view_oid) as (
            select to_regclass(n)::oid
            from unnest(array[p_view_name, 'engagement_host.employment']) u (n)
            union
            select d.refobjid
            from reached v
            inner join pg_rewrite r on r.ev_class = v.view_oid
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                      and d.refclassid = 'pg_class'::regclass
            inner join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
        )
        select md5(string_agg(v.view_oid::regclass::text || pg_get_viewdef(v.view_oid), '|'
                              order by v.view_oid::regclass::text))
        from reached v
        where v.view_oid is not null
    );
end
$$;
comment on function engagement.view_fingerprint(text) is
    'Internal: MD5 of the definitions of an activity view, the employment view and all their '
    'nested views; NULL if neither exists.';
