-- Internal. The view that a source reads. For customer and employment it is the adapter's view of
-- that name.
-- Reads: activity_source.
create or replace function engagement.source_view(p_source text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (select s.view_name from engagement.activity_source s where s.source = p_source),
        'engagement_host.' || p_source);
end
$$;
comment on function engagement.source_view(text) is
    'Internal: name of the view of a source, or of customer or employment.';
