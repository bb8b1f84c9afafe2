-- Internal. Overlay: a cluster cannot skip rows that another session has locked, so this locks
-- none.
create or replace function engagement.lock_free_scores(p_customer_ids engagement.host_key[])
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return '{}';
end
$$;
comment on function engagement.lock_free_scores(engagement.host_key[]) is
    'Internal: on a cluster, always an empty array.';
