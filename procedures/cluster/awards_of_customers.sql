-- Internal. Overlay: the awards of some customers. The whole array is sent, and it decides which
-- shards get it; they plan anew each time. The nodes do not have the host's rows, so they cannot
-- join them.
-- Reads: award.
create or replace function engagement.awards_of_customers(
    p_source text, p_customer_ids engagement.host_key[], p_is_live boolean default true,
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
    where w.customer_id = any (p_customer_ids)
          and (p_source is null or w.source = p_source)
          and (p_is_live is null or (w.voided_at is null) = p_is_live)
    limit p_limit;
end
$$;
comment on function engagement.awards_of_customers(
    text, engagement.host_key[], boolean, integer
) is
    'Internal: awards that these customers (each given once) have from a source (NULL: any). '
    'p_is_live: true for live awards, false for voided ones, NULL for both. p_limit: the '
    'caller reads no more rows than so many; NULL: all.';
