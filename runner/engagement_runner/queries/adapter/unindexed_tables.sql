-- Tables that a look-up of a source's view reads from end to end for every key, as findings: one for
-- each large table, one for all below 128 kB, which are read as quickly as an index would be.
with unindexed as (
    select
        m.table_name || ' (' || pg_size_pretty(pg_table_size(m.table_name::regclass)) || ')'
            as table_name,
        pg_table_size(m.table_name::regclass) < 131072 as is_small,
        w.column_name,
        m.index_sql,
        case when m.index_sql is null then m.compared_by end as compared_by
    from engagement.looked_up_columns(%(source)s) as w
    cross join lateral engagement.missing_indexes(w.view_name, w.column_name) as m
)

select row_to_json(f)::text
from (
    select
        'problem' as severity,
        'no index serves the look-up by '
        || string_agg(distinct u.column_name, ', ' order by u.column_name)
        || ': each key reads the whole of ' || u.table_name as finding,
        coalesce(
            string_agg(distinct u.index_sql, ' ' order by u.index_sql),
            'No index can: the key is compared with ' || min(u.compared_by)
            || ', of several tables or behind an outer join. Join otherwise, or show a column or '
            || 'expression of one table, and make an index on that.',
            'Create an index on exactly the expression that the view selects or joins by: a column id '
            || 'that it casts needs an index on ((id::bigint)).'
        ) as hint
    from unindexed as u
    where not u.is_small
    group by u.table_name
    union all
    select
        'hint',
        'look-ups read small tables from end to end: '
        || string_agg(distinct u.table_name, ', ' order by u.table_name),
        'No matter unless they grow.' || coalesce(
            ' ' || string_agg(distinct u.index_sql, ' ' order by u.index_sql), ''
        )
    from unindexed as u
    where u.is_small
    having count(*) > 0
) as f
