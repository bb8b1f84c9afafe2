-- Internal. The awards that some customers have. Key by key, whatever the planner thinks of tables
-- that were empty when it planned: a bitmap of thousands of keys may outgrow work_mem, and would
-- then compare every row of its pages with every key. Inlined by the planner: keep it one query. A
-- cluster has a form of its own.
-- Reads: award.
create or replace function engagement.awards_of_customers(
    p_source text, p_customer_ids engagement.host_key[], p_is_live boolean default true
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
        offset 0
    ) w;
end;
comment on function engagement.awards_of_customers(text, engagement.host_key[], boolean) is
    'Internal: awards of a source (NULL: of any) that these customers (each once) have: live '
    'ones, voided ones, NULL: both.';
