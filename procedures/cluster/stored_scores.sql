-- Internal. The scores of some customers or all. It is a routine, because a cluster can join tables
-- of its nodes only with tables of its nodes. A query that joins scores with anything else calls
-- it.
-- Reads: customer_score.
create or replace function engagement.stored_scores(
    p_customer_ids engagement.host_key[] default null
)
returns setof engagement.customer_score
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_customer_ids is null then
        return query select s.* from engagement.customer_score s;
    else
        return query
        select s.* from engagement.customer_score s where s.customer_id = any (p_customer_ids);
    end if;
end
$$;
comment on function engagement.stored_scores(engagement.host_key[]) is
    'Internal: rows of customer_score of these customers (NULL: of all).';
