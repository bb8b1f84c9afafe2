-- Internal. The columns by which triggers, runs and refreshes look up rows of a view.
-- Reads: activity_source, attached_table.
create or replace function engagement.looked_up_columns(p_source text)
returns table (view_name text, column_name text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select s.view_name, c.name
    from engagement.activity_source s
    cross join lateral (
        values ('source_id'), ('customer_id')
        union
        select a.activity_column
        from engagement.attached_table a
        where a.source = s.source and not a.is_settings
    ) c (name)
    where s.source = p_source
    union all
    select 'engagement_host.' || b.source, b.name
    from (values ('customer', 'customer_id'), ('employment', 'employee_id'),
                 ('employment', 'employer_id')) b (source, name)
    where b.source = p_source;
end
$$;
comment on function engagement.looked_up_columns(text) is
    'Internal: columns by which rows of the view of a source (or of customer, employment) are '
    'looked up, with the view''s name.';
