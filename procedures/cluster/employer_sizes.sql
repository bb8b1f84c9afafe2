-- Internal. Overlay: a cluster cannot look up the awards of one company after the other, because
-- they are not distributed by company. Each node counts its own, all of them.
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
declare
    v_ids text[] := p_customer_ids::text[];
begin
    return query
    select w.employer_id, count(*)
    from engagement.award w
    where w.employer_id = any (v_ids::engagement.host_key[]) and w.voided_at is null
    group by w.employer_id;
end
$$;
comment on function engagement.employer_sizes(engagement.host_key[], integer) is
    'Internal: companies among these customers, with the number of live awards that count for '
    'each.';
