-- A table that keeps when the rows of another one got their states, as a finding: one of these rows
-- has several states there, and one of them is in a list of the views.
select row_to_json(f)::text
from (
    select
        'hint' as severity,
        %(sources)s as place,
        %(history_name)s || '.' || %(date_name)s || ' may say when a row of ' || %(table_name)s
        || ' got its ' || %(column_name)s as finding,
        'Is it the instant at which the state was entered that counts? Then occurred_at may come '
        || 'from there. '
        || format(
            'select %%I, %%I, %%I from %%I.%%I order by 1, 3 limit 20;',
            %(key_name)s::text, %(state_name)s::text, %(date_name)s::text, %(history_schema)s::text,
            %(history_name)s::text
        ) as hint
    where exists (
        select
        from (
            select h.{key} as row_key, h.{state}::text as state
            from {history} as h
            limit 10000
        ) as s
        group by s.row_key
        having
            count(distinct s.state) > 1
            and bool_or(
                strpos(lower(%(used_in)s), lower(quote_literal(s.state))) > 0
                or s.state = any(%(numbers)s::text[])
            )
    )
) as f
