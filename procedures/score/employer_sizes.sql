-- Internal. How many awards count for some companies, up to p_limit each. Customers for whom no
-- award of somebody else counts are left out. On a cluster an overlay replaces it.
-- Reads: award.
create or replace function engagement.employer_sizes(
    p_customer_ids engagement.host_key[], p_limit integer
)
returns table (employer_id engagement.host_key, award_count bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
    -- "select 1" allows index-only scans.
    return query
    select k.id, n.award_count
    from unnest(p_customer_ids) k (id)
    cross join lateral (
        select count(*) as award_count
        from (select 1 from engagement.award w
              where w.employer_id = k.id and w.voided_at is null
              limit p_limit) w
    ) n
    where n.award_count > 0;
end
$$;
comment on function engagement.employer_sizes(engagement.host_key[], integer) is
    'Internal: companies among these customers, with the number of live awards that count for '
    'each, at most p_limit.';
