-- Internal. Overlay: the awards of some documents. The whole array is sent to all shards, which
-- plan anew each time. The nodes do not have the host's rows, so they cannot join them.
-- Reads: award.
create or replace function engagement.awards_of_documents(
    p_source text, p_document_ids engagement.host_key[], p_is_live boolean default true,
    p_limit integer default null
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
    where w.document_id = any (p_document_ids)
          and (p_source is null or w.source = p_source)
          and (p_is_live is null or (w.voided_at is null) = p_is_live)
    limit p_limit;
end
$$;
comment on function engagement.awards_of_documents(
    text, engagement.host_key[], boolean, integer
) is
    'Internal: awards that these documents (each given once) have from a source (NULL: any). '
    'p_is_live: true for live awards, false for voided ones, NULL for both. p_limit: the '
    'caller reads no more rows than so many; NULL: all.';
