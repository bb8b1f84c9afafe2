-- Internal. Locks the score rows of some customers, except rows that another session has locked,
-- until the end of the transaction. On a cluster an overlay replaces it.
-- Reads: customer_score. Locks: these rows.
create or replace function engagement.lock_free_scores(p_customer_ids engagement.host_key[])
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
    return array(
        select s.customer_id
        from engagement.customer_score s
        where s.customer_id = any (p_customer_ids)
        order by s.customer_id
        for update skip locked
    );
exception when lock_not_available then
    return '{}';  -- another session has locked the whole table
end
$$;
comment on function engagement.lock_free_scores(engagement.host_key[]) is
    'Internal: locks the scores of these customers that no other session has locked; returns the '
    'customers whose scores it locked.';
