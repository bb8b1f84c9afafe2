-- Internal. Overlay: the awards that some customers have. By the whole array: it says which shards
-- are asked, and is sent to them, where plans are made anew each time. The host's rows are not
-- there to be joined with them.
-- Reads: award.
create or replace function engagement.awards_of_customers(
    p_source text, p_customer_ids engagement.host_key[], p_is_live boolean default true
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
          and (p_is_live is null or (w.voided_at is null) = p_is_live);
end
$$;
comment on function engagement.awards_of_customers(text, engagement.host_key[], boolean) is
    'Internal: awards of a source (NULL: of any) that these customers (each once) have: live '
    'ones, voided ones, NULL: both.';
