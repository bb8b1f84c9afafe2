-- Attachments of a source whose keys lead nowhere, or to very many rows, as findings.
with attachment as (
    select
        r.*,
        'call engagement.attach_triggers(p_source => ' || quote_literal(%(source)s)
        || ', p_table => ' || quote_literal(r.table_name) || ', p_key_column => ' as call
    from engagement.attachment_reach(p_source => %(source)s) as r
)

select row_to_json(f)::text
from (
    -- Of a few keys it may be chance that none is shown yet.
    select
        case
            when a.key_count < 10 and a.other_column is null then 'hint'
            else 'problem'
        end as severity,
        'none of the keys of ' || a.table_name || ' (' || a.key_expression || ') is in '
        || a.activity_column as finding,
        a.key_count as row_count,
        a.some_key as example,
        'What changes there reaches no row of the view. ' || case
            when a.other_column is not null
                then
                    'They are in ' || a.other_column || ': ' || a.call
                    || quote_literal(a.key_expression) || ', p_activity_column => '
                    || quote_literal(a.other_column) || ');'
            else
                'Give the expression that the view shows as ' || a.activity_column || ': '
                || a.call || '''…'', p_activity_column => ' || quote_literal(a.activity_column)
                || ');'
        end as hint
    from attachment as a
    where a.found_key_count = 0
    union all
    select
        'hint',
        'one key of ' || a.table_name || ' leads to ' || a.most_rows || ' rows by '
        || a.activity_column,
        a.most_rows,
        a.some_key,
        'A change of that key''s row derives them all anew, in the host''s own statement where '
        || 'TRIGGER_MODE is IMMEDIATE. If the next run may do it instead: ' || a.call || '''null'');'
    from attachment as a
    where a.most_rows >= 1000
) as f
