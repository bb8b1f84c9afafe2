-- Tables that a look-up of a source's view reads from end to end for every key, as findings: one for
-- each large table, and one for all below 128 kB, which are read as quickly as an index would be. A key
-- that a function of the host computes has a finding of its own.
with unindexed as (
    select
        w.view_name,
        w.column_name,
        m.table_name || ' (' || pg_size_pretty(pg_table_size(m.table_name::regclass)) || ')'
            as table_name,
        pg_table_size(m.table_name::regclass) < 131072 as is_small,
        m.index_sql,
        case when m.index_sql is null then m.compared_by end as compared_by,
        f.function_names,
        f.changing_names,
        f.declared_index_sql,
        coalesce(m.index_sql, f.index_sql) as call_index_sql,
        'select pg_get_viewdef(' || quote_literal(w.view_name) || '::regclass, true);' as look
    from engagement.looked_up_columns(%(source)s) as w
    cross join lateral engagement.missing_indexes(w.view_name, w.column_name) as m
    cross join lateral (
        select
            string_agg(k.function_name, ', ' order by k.function_name) as function_names,
            string_agg(k.function_name, ', ' order by k.function_name)
                filter (where not k.is_immutable) as changing_names,
            string_agg(
                'alter function ' || k.function_name || ' immutable; ', ''
                order by k.function_name
            ) filter (where not k.is_immutable) || min(k.index_sql) as declared_index_sql,
            min(k.index_sql) as index_sql
        from engagement.key_functions(w.view_name, w.column_name) as k
        where k.table_name is null or k.table_name = m.table_name
    ) as f
)

select row_to_json(f)::text
from (
    select
        case when u.is_small then 'hint' else 'problem' end as severity,
        u.column_name || ' is computed by ' || u.function_names || ': each key reads the whole of '
        || u.table_name as finding,
        case
            when u.changing_names is null
                then
                    'Show the expression that the function stands for, with an index on it, or make '
                    || 'an index on the call: ' || coalesce(u.call_index_sql, u.look)
            else
                'No index can hold a call whose result may change. Show the expression that it '
                || 'stands for, with an index on that. If the result depends on the arguments '
                || 'alone: ' || coalesce(u.declared_index_sql, u.look)
        end as hint
    from unindexed as u
    where u.function_names is not null
    union all
    select
        'problem',
        'no index serves the look-up by '
        || string_agg(distinct u.column_name, ', ' order by u.column_name)
        || ': each key reads the whole of ' || u.table_name,
        coalesce(
            string_agg(distinct u.index_sql, ' ' order by u.index_sql),
            'No index can: the key is compared with ' || min(u.compared_by)
            || '. That is of several tables, or behind an outer join, or its text may change, as '
            || 'that of an enum or a date may. Join otherwise, or show a column or expression of '
            || 'one table that cannot change, and make an index on that. ' || min(u.look),
            'Create an index on exactly the expression that the view selects or joins by: a column id '
            || 'that it casts needs an index on ((id::bigint)). ' || min(u.look)
        )
    from unindexed as u
    where not u.is_small and u.function_names is null
    group by u.table_name, u.compared_by is not null
    union all
    select
        'hint',
        'look-ups read small tables from end to end: '
        || string_agg(distinct u.table_name, ', ' order by u.table_name),
        'No matter unless they grow. '
        || coalesce(string_agg(distinct u.index_sql, ' ' order by u.index_sql), min(u.look))
    from unindexed as u
    where u.is_small and u.function_names is null
    having count(*) > 0
) as f
