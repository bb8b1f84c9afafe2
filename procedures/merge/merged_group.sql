-- Internal. A customer with everybody who is merged into it, directly or through others.
-- Reads: customer_merge.
create or replace function engagement.merged_group(p_customer_id engagement.host_key)
returns engagement.host_key[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_group engagement.host_key[] := array[p_customer_id];
    v_found engagement.host_key[] := array[p_customer_id];
begin
    while v_found <> '{}' loop
        v_found := array(
            select m.from_id
            from engagement.customer_merge m
            where m.into_id = any (v_found) and m.unmerged_at is null
            order by m.from_id
        );
        v_group := v_group || v_found;
    end loop;
    return v_group;
end
$$;
comment on function engagement.merged_group(engagement.host_key) is
    'Internal: a customer, and all customers that are merged into it.';
