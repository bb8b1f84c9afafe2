-- Internal. The customer who holds what was entered for another: the last of the chain of merges.
-- Reads: customer_merge.
create or replace function engagement.merge_root(p_customer_id engagement.host_key)
returns engagement.host_key
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_root engagement.host_key := p_customer_id;
    v_next engagement.host_key;
begin
    loop
        select m.into_id into v_next
        from engagement.customer_merge m
        where m.from_id = v_root and m.unmerged_at is null;
        exit when not found;
        v_root := v_next;
    end loop;
    return v_root;
end
$$;
comment on function engagement.merge_root(engagement.host_key) is
    'Internal: the customer that a customer is merged into in the end; itself if it is not merged.';
