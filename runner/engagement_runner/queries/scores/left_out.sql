-- What waits in the queue or in an unfinished run, and what verify therefore leaves out: one row per
-- source or kind, with a few of its keys.
select row_to_json(r)::text
from (
    select
        'source ' || w.source || ' as a whole' as what,
        null::bigint as key_count,
        null::text[] as some_keys,
        1 as section
    from (
        select p.source
        from engagement.pending_activity as p
        where p.activity_column is null and p.source not in ('customer', 'employment')
        union
        select a.source
        from engagement.activity_source as a
        where
            a.detached_at is null
            and exists (
                select
                from engagement.pending_activity as p
                where p.activity_column is null and p.source = 'employment'
            )
        union
        select s.source
        from engagement.recalculation_source as s
    ) as w
    union all
    select
        p.source || '.' || p.activity_column,
        count(distinct k.key),
        (array_agg(distinct k.key order by k.key))[:5],
        2
    from engagement.pending_activity as p
    cross join unnest(p.keys) as k (key)
    group by p.source, p.activity_column
    union all
    select
        'source_id of ' || k.source || ' in an unfinished run',
        count(*),
        (array_agg(k.source_id::text order by k.source_id))[:5],
        3
    from engagement.recalculation_key as k
    group by k.source
    union all
    select
        'totals in an unfinished run',
        count(*),
        (array_agg(c.customer_id::text order by c.customer_id))[:5],
        4
    from engagement.recalculation_customer as c
    having count(*) > 0
    union all
    select 'the totals of everybody', null, null, 5
    where
        exists (select from engagement.pending_activity as p where p.activity_column is null)
        or exists (select from engagement.recalculation_source)
        or (
            engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT'
            and exists (select from engagement.pending_activity as p where p.source = 'employment')
        )
        -- Whom such keys concern is not to be seen.
        or exists (
            select
            from engagement.pending_activity as p
            join engagement.activity_source as s on s.source = p.source and s.detached_at is null
            where
                p.activity_column is not null
                and not exists (
                    select
                    from pg_catalog.pg_class as c
                    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
                    where pg_catalog.format('%%I.%%I', n.nspname, c.relname) = s.view_name
                )
        )
    union all
    select 'percentiles and bands while a run is under way', null, null, 6
    where exists (select from engagement.recalculation_run as r where r.run_status = 'RUNNING')
    union all
    select 'the bands of everybody', null, null, 7
    where exists (
        select
        from engagement.setup_change as c
        where
            c.object_type = 'BAND'
            and c.old_value - 'label' is distinct from c.new_value - 'label'
            and c.changed_at >= (
                select r.started_at
                from engagement.recalculation_run as r
                where r.run_status = 'COMPLETED'
                order by r.finished_at desc, r.run_id desc
                limit 1
            )
    )
    order by 4, 1
) as r
