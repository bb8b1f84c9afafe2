-- Internal. Says what a stage was made from, so that the rows of another source or of an older view
-- are never applied.
-- Reads: activity_source.
create or replace function engagement.stage_name(p_source text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select format('%s %s %s', s.source, s.view_fingerprint, s.registered_at)
        from engagement.activity_source s
        where s.source = p_source
    );
end
$$;
comment on function engagement.stage_name(text) is
    'Internal: the comment that the temporary table engagement_stage gets for a source as it is '
    'registered now.';
