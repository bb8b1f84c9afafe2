-- How long a source's view takes to find rows by each column that triggers and runs look for.
select row_to_json(l)::text
from (
    select
        %(source)s as view,
        w.column_name,
        t.key_count,
        t.row_count,
        t.ms_per_key,
        t.ms_per_1000_keys
    from engagement.looked_up_columns(%(source)s) as w
    cross join lateral engagement.time_look_ups(w.view_name, w.column_name, %(key_count)s) as t
    order by array_position(
        array['source_id', 'document_id', 'customer_id', 'subject_id'], w.column_name
    ), w.column_name
) as l
