-- The host's tables with their columns, keys and references, from catalogue and statistics alone.
-- Values are shown of columns that have few: states, types, currencies, and no names of people.
with hosts as (
    select
        c.oid,
        n.nspname,
        c.relname,
        c.relkind = 'p' as is_partitioned,
        case when c.reltuples < 0 then coalesce(s.n_live_tup, 0) else c.reltuples::bigint end
            as row_count,
        coalesce(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0) as write_count
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    left join pg_stat_all_tables as s on s.relid = c.oid
    where
        c.relkind in ('r', 'p')
        and not c.relispartition
        and c.relpersistence <> 't'
        and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'engagement', 'engagement_host')
        and has_schema_privilege(n.oid, 'USAGE')
        and has_table_privilege(c.oid, 'SELECT')
        and not exists (
            select
            from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
),

columns as (
    select
        h.oid,
        a.attname,
        json_build_object(
            'name', a.attname,
            'sql', quote_ident(a.attname),
            'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null),
            'is_enum', t.typtype = 'e',
            'is_not_null', a.attnotnull or t.typnotnull,
            'labels', coalesce(
                (
                    select json_agg(e.enumlabel order by e.enumsortorder)
                    from pg_enum as e
                    where e.enumtypid = t.oid
                ),
                -- check (status in ('draft', 'paid')) lists them, too.
                (
                    select json_agg(v.found[1] order by v.place)
                    from pg_constraint as k
                    cross join lateral regexp_matches(
                        substring(pg_get_constraintdef(k.oid), '= ANY \(\(?ARRAY\[(.*)\]'),
                        '''([^'']+)''', 'g'
                    ) with ordinality as v (found, place)
                    where k.conrelid = h.oid and k.contype = 'c' and k.conkey = array[a.attnum]
                )
            ),
            'values', (
                select json_agg(json_build_array(v.value, v.share) order by v.share desc, v.value)
                from unnest(p.most_common_vals::text::text[], p.most_common_freqs)
                    as v (value, share)
                where p.value_count between 1 and 50
            ),
            -- Seconds since 1970 are numbers in a range of their own. A zero stands for none.
            'bounds', case when t.oid in ('integer'::regtype, 'bigint'::regtype) then (
                select json_build_array(min(v.value), max(v.value))
                from unnest(
                    coalesce(p.histogram_bounds::text::bigint [], '{}')
                    || coalesce(p.most_common_vals::text::bigint [], '{}')
                ) as v (value)
                where v.value <> 0
            ) end,
            'null_share', p.null_frac
        ) as column_json,
        a.attnum
    from hosts as h
    join pg_attribute as a on a.attrelid = h.oid and a.attnum > 0 and not a.attisdropped
    join pg_type as t on t.oid = a.atttypid
    left join lateral (
        select
            s.most_common_vals,
            s.most_common_freqs,
            s.histogram_bounds,
            -- A negative number is a share of the rows.
            case when s.n_distinct < 0 then - s.n_distinct * h.row_count else s.n_distinct end
                as value_count,
            s.null_frac
        from pg_stats as s
        where s.schemaname = h.nspname and s.tablename = h.relname and s.attname = a.attname
        order by s.inherited desc
        limit 1
    ) as p on true
)

select row_to_json(h)::text
from (
    select
        h.nspname as schema,
        h.relname as name,
        quote_ident(h.nspname) || '.' || quote_ident(h.relname) as sql,
        h.is_partitioned,
        h.row_count,
        h.write_count,
        coalesce(
            (
                select json_agg(c.column_json order by c.attnum)
                from columns as c
                where c.oid = h.oid
            ),
            '[]'
        ) as columns,
        (
            select
                json_agg(
                    (
                        select json_agg(a.attname order by k.place)
                        from unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
                        join pg_attribute as a on a.attrelid = h.oid and a.attnum = k.attnum
                        where k.place <= i.indnkeyatts
                    )
                    order by not i.indisprimary, i.indnkeyatts, i.indexrelid
                )
            from pg_index as i
            where
                i.indrelid = h.oid
                and i.indisunique
                and i.indisvalid
                and i.indpred is null
                and i.indexprs is null
        ) as unique_keys,
        (
            select json_agg(distinct a.attname)
            from pg_index as i
            join pg_attribute as a on a.attrelid = h.oid and a.attnum = i.indkey[0]
            where i.indrelid = h.oid and i.indisvalid and i.indpred is null
        ) as indexed,
        (
            select
                json_agg(
                    json_build_object(
                        'columns', (
                            select json_agg(a.attname order by k.place)
                            from unnest(f.conkey) with ordinality as k (attnum, place)
                            join pg_attribute as a on a.attrelid = h.oid and a.attnum = k.attnum
                        ),
                        'target', quote_ident(n.nspname) || '.' || quote_ident(r.relname),
                        'target_columns', (
                            select json_agg(a.attname order by k.place)
                            from unnest(f.confkey) with ordinality as k (attnum, place)
                            join pg_attribute as a on a.attrelid = r.oid and a.attnum = k.attnum
                        )
                    )
                    order by f.conname
                )
            from pg_constraint as f
            join pg_class as r on r.oid = f.confrelid
            join pg_namespace as n on n.oid = r.relnamespace
            where f.conrelid = h.oid and f.contype = 'f' and f.conparentid = 0
        ) as foreign_keys
    from hosts as h
    order by h.nspname, h.relname
) as h
