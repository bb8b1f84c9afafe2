-- Internal. Drops what generate_source made for a source.
create or replace function engagement.drop_source_routines(p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('drop function if exists engagement.%I (text, text[], timestamptz, boolean)',
                   'award__' || p_source);
    execute format('drop function if exists engagement.%I '
                   '(engagement.award[], timestamptz)', 'apply__' || p_source);
    execute format('drop function if exists engagement.%I (text, text[])',
                   'source_ids__' || p_source);
end
$$;
comment on function engagement.drop_source_routines(text) is
    'Internal: drops the routines generated for a source.';
