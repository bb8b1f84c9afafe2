-- Internal. Overlay: a cluster cannot lock rows of many shards in one statement. Each customer has
-- one of 256 advisory locks of the coordinator, because all sessions write scores there.
-- Reads: customer_score. Locks: advisory (class, 1000 to 1255).
create or replace function engagement.lock_scores(p_customer_ids engagement.host_key[])
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids engagement.host_key[];
begin
    perform pg_advisory_xact_lock(engagement.lock_class(), l.number)
    from (
        select distinct 1000 + (hashtextextended(i.id::text, 0) & 255)::integer as number
        from unnest(p_customer_ids) i (id)
        order by number
    ) l;
    select array_agg(s.customer_id) into v_ids
    from engagement.customer_score s
    where s.customer_id = any (p_customer_ids);
    return coalesce(v_ids, '{}');
end
$$;
comment on function engagement.lock_scores(engagement.host_key[]) is
    'Internal: locks the scores of these customers until the end of the transaction; returns the '
    'customers that have one.';
