-- Tables that a look-up of a source's view reads from end to end for every key, as findings. Below
-- 128 kB that is as quick as an index would be.
select row_to_json(f)::text
from (
    select
        case when t.is_small then 'hint' else 'problem' end as severity,
        'no index serves the look-up by ' || t.columns || ': each key reads the whole of '
        || t.table_name || ' (' || pg_size_pretty(t.table_size) || ')' as finding,
        case
            when t.is_small then 'It is small: no matter unless it grows.'
            else
                'Make an index on the very expression that the view selects or joins by: a column '
                'id that it casts needs an index on ((id::bigint)).'
        end as hint
    from (
        select
            u.table_name,
            string_agg(w.column_name, ', ' order by w.column_name desc) as columns,
            pg_table_size(u.table_name::regclass) as table_size,
            pg_table_size(u.table_name::regclass) < 131072 as is_small
        from engagement.looked_up_columns(%(source)s) as w
        cross join lateral unnest(
            engagement.unindexed_tables(w.view_name, w.column_name)
        ) as u (table_name)
        group by u.table_name
    ) as t
    order by 1 desc, t.table_name
) as f
