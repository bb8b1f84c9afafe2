-- The routines of the totals, and those that every registered source and every attached table
-- should have, beside what there is. deployed_fingerprint is null where registration has generated the routine anew since the last
-- deployment (path says which registration a fingerprint is of), which is as good.
select row_to_json(r)::text
from (
    select
        e.routine_name,
        e.owner,
        e.path,
        pg_catalog.pg_get_function_identity_arguments(p.oid) as identity_args,
        not e.is_definer or p.prosecdef as is_definer,
        coalesce('search_path=pg_catalog, pg_temp' = any(p.proconfig), false) as is_pinned,
        case when p.oid is not null then pg_catalog.md5(row(
            pg_catalog.pg_get_function_arguments(p.oid),
            pg_catalog.pg_get_function_result(p.oid),
            p.prosrc,
            p.proconfig,
            p.prosecdef,
            p.provolatile,
            l.lanname
        )::text) end as fingerprint,
        d.fingerprint as deployed_fingerprint
    from (
        select
            pg_catalog.regexp_replace(t.proname, '_template$', '') as routine_name,
            'the totals' as owner,
            'generated' as path,
            false as is_definer
        from pg_catalog.pg_proc as t
        inner join pg_catalog.pg_language as l on l.oid = t.prolang and l.lanname = 'plpgsql'
        where
            t.pronamespace = pg_catalog.to_regnamespace('engagement')
            and t.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
            and t.proname ~ '[^_]_template$'
        union all
        select
            pg_catalog.replace(g.routine_name, '__template', '__' || s.source),
            'source ' || s.source,
            'generated ' || extract(epoch from s.registered_at) || ' ' || s.view_fingerprint,
            true
        from engagement.activity_source as s
        cross join (
            select distinct t.proname::text as routine_name
            from pg_catalog.pg_proc as t
            inner join pg_catalog.pg_language as l on l.oid = t.prolang and l.lanname = 'plpgsql'
            where
                t.pronamespace = pg_catalog.to_regnamespace('engagement')
                and t.proname ~ '__template$'
        ) as g
        where s.detached_at is null
        union all
        select
            'capture__' || a.attachment_id,
            'table ' || a.table_name || ' of source ' || a.source,
            'generated ' || extract(epoch from a.attached_at) || coalesce(' ' || a.fingerprint, '')
            || coalesce(' ' || extract(epoch from s.registered_at) || ' ' || s.view_fingerprint, ''),
            true
        from engagement.attached_table as a
        left join engagement.activity_source as s on s.source = a.source
    ) as e
    left join pg_catalog.pg_proc as p
        on p.pronamespace = pg_catalog.to_regnamespace('engagement')
        and p.proname = e.routine_name
    left join pg_catalog.pg_language as l on l.oid = p.prolang
    left join engagement_meta.deployed_routine as d
        on d.routine_name = e.routine_name
        and d.identity_args = pg_catalog.pg_get_function_identity_arguments(p.oid)
        and d.path = e.path
    order by e.routine_name, identity_args
) as r
