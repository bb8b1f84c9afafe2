-- How long a source's view takes to find rows by each column that triggers and runs look for, and
-- which tables it reads from end to end meanwhile.
select row_to_json(l)::text
from (
    select
        %(source)s as view,
        w.column_name,
        t.key_count,
        t.row_count,
        t.ms_per_1000_keys,
        array_to_string(engagement.unindexed_tables(w.view_name, w.column_name), ', ')
            as unindexed_tables
    from (
        select
            s.view_name,
            c.column_name
        from engagement.activity_source as s
        cross join (values ('source_id'), ('customer_id')) as c (column_name)
        where s.source = %(source)s
        union
        select
            s.view_name,
            a.activity_column
        from engagement.activity_source as s
        join engagement.attached_table as a on a.source = s.source
        where s.source = %(source)s
        union
        select
            'engagement_host.' || b.source,
            b.column_name
        from (
            values ('customer', 'customer_id'), ('employment', 'employee_id'),
            ('employment', 'employer_id')
        ) as b (source, column_name)
        where b.source = %(source)s
    ) as w
    cross join lateral engagement.time_look_ups(w.view_name, w.column_name, %(key_count)s) as t
    order by array_position(
        array['source_id', 'document_id', 'customer_id', 'subject_id'], w.column_name
    ), w.column_name
) as l
