-- Internal. Overlay: the live awards of a source, fetched from the shards. The nodes do not have
-- the host's rows, so they cannot join them.
-- Reads: award.
create or replace function engagement.awards_of_source(p_source text)
returns setof engagement.award
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select w.* from engagement.award w where w.source = p_source and w.voided_at is null;
end
$$;
comment on function engagement.awards_of_source(text) is
    'Internal: the live awards of a source.';
