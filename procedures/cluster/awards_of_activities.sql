-- Internal. Overlay: the awards of some activities. The whole array is sent to all shards, which
-- plan anew each time. The nodes do not have the host's rows, so they cannot join them.
-- Reads: award.
create or replace function engagement.awards_of_activities(
    p_source text, p_source_ids engagement.host_key[], p_is_live boolean default true
)
returns setof engagement.award
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select w.*
    from engagement.award w
    where w.source_id = any (p_source_ids)
          and (p_source is null or w.source = p_source)
          and (p_is_live is null or (w.voided_at is null) = p_is_live);
end
$$;
comment on function engagement.awards_of_activities(text, engagement.host_key[], boolean) is
    'Internal: awards that these activities (each given once) have from a source (NULL: any). '
    'p_is_live: true for live awards, false for voided ones, NULL for both.';
