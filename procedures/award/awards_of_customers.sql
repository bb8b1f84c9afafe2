-- Internal. The awards of some customers. The look-up goes key by key, see awards_of_activities.
-- Inlined by the planner: keep it one query. On a cluster an overlay replaces it.
-- Reads: award.
create or replace function engagement.awards_of_customers(
    p_source text, p_customer_ids engagement.host_key[], p_is_live boolean default true,
    p_limit integer default null
)
returns setof engagement.award
language sql
stable
begin atomic
    select w.*
    from unnest(p_customer_ids) k (key)
    cross join lateral (
        select w.*
        from engagement.award w
        where w.customer_id = k.key
              and (p_source is null or w.source = p_source)
              and (p_is_live is null or (w.voided_at is null) = p_is_live)
        limit p_limit offset 0
    ) w;
end;
comment on function engagement.awards_of_customers(
    text, engagement.host_key[], boolean, integer
) is
    'Internal: awards that these customers (each given once) have from a source (NULL: any). '
    'p_is_live: true for live awards, false for voided ones, NULL for both. p_limit: the '
    'caller reads no more rows than so many; NULL: all.';
