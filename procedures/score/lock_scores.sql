-- Internal. Locks the score rows of some customers until the end of the transaction, in key order.
-- Returns the customers that have a row. On a cluster an overlay replaces it.
-- Reads: customer_score. Locks: these rows.
create or replace function engagement.lock_scores(p_customer_ids engagement.host_key[])
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_ids engagement.host_key[];
begin
    select array_agg(l.customer_id) into v_ids
    from (
        select s.customer_id
        from engagement.customer_score s
        where s.customer_id = any (p_customer_ids)
        order by s.customer_id
        for update
    ) l;
    return coalesce(v_ids, '{}');
end
$$;
comment on function engagement.lock_scores(engagement.host_key[]) is
    'Internal: locks the scores of these customers until the end of the transaction; returns the '
    'customers that have one.';
