-- Internal. What an activity view says, all views below it included, as one MD5. Under a pinned
-- search_path, because the text of a view's definition depends on it. Whoever waits for a table
-- that the host has locked (to show a view's definition locks what it reads) gives up before the
-- server would look for a deadlock, and take the host for it.
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
    'Internal: MD5 of the definitions of an activity view, the employment view and all views below '
    'them; NULL when neither exists.';
