-- Values of a column of the host that occur and are in no list, as findings, if the views list another
-- one of its values. A column of more than fifty values is no state; if the first rows have as many,
-- no more is read.
with few as (
    select count(distinct f.value) <= 50 as is_few
    from (select h.{column} as value from {table} as h limit 10000) as f
),

value as (
    select
        h.{column}::text as value,
        count(*) as row_count
    from {table} as h
    where (select f.is_few from few as f)
    group by h.{column}
),

judged as (
    select
        v.value,
        v.row_count,
        strpos(lower(%(used_in)s), lower(quote_literal(v.value))) > 0
        or v.value = any(%(numbers)s::text[]) as is_used,
        strpos(lower(%(listed_in)s), lower(quote_literal(v.value))) > 0
        or v.value = any(%(numbers)s::text[]) as is_listed,
        sum(v.row_count) over () as total_count,
        count(*) over () as value_count
    from value as v
)

select row_to_json(f)::text
from (
    select
        'hint' as severity,
        %(sources)s as place,
        %(table_name)s || '.' || %(column_name)s || ': ' || quote_literal(j.value) || ' occurs in '
        || coalesce(nullif(round(100 * j.row_count / j.total_count), 0)::text, 'less than 1')
        || ' %% of rows and is in no list: does it count?' as finding,
        j.row_count,
        j.value as example,
        'If not, name it in a comment of the file, in quotes. select '
        || quote_ident(%(column_name)s) || ', count(*) from '
        || format('%%I.%%I', %(schema_name)s::text, %(table_name)s::text)
        || ' group by 1 order by 2 desc;' as hint
    from judged as j
    where
        not j.is_listed and j.value is not null
        and j.value_count <= 50
        and exists (select from judged as o where o.is_used)
    order by j.row_count desc, j.value
) as f
