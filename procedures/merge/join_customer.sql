-- Internal. Merges a customer into another and moves what was entered for it. Definer, because only
-- the package writes these tables, and names the author.
-- Writes: customer_merge, and what move_inputs writes. Locks: merges. Raises: EG016.
create or replace function engagement.join_customer(
    p_from_id engagement.host_key,
    p_into_id engagement.host_key,
    p_is_by_host boolean,
    out adjustment_count bigint,
    out score_count bigint,
    out aside_count bigint
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_merge engagement.customer_merge;
begin
    perform engagement.lock_merges();
    select * into v_merge
    from engagement.customer_merge m
    where m.from_id = p_from_id and m.unmerged_at is null;
    if found then
        raise exception 'the customer is merged already'
            using errcode = 'EG016',
                  detail = format('customer %s was merged into %s at %s by %s', p_from_id,
                                  v_merge.into_id, v_merge.merged_at, v_merge.merged_by),
                  hint = format('Take that back first: call engagement.unmerge_customer(%L, %L)',
                                p_from_id, v_merge.into_id);
    elsif engagement.merge_root(p_into_id) = p_from_id then
        raise exception 'the merge would close a circle'
            using errcode = 'EG016',
                  detail = format('customer %s is merged into %s', p_into_id, p_from_id),
                  hint = 'Merge the other way round, or take that merge back first.';
    end if;
    insert into engagement.customer_merge (from_id, into_id, merged_at, merged_by, is_by_host)
    values (p_from_id, p_into_id, clock_timestamp(), session_user, p_is_by_host);
    select i.* into adjustment_count, score_count, aside_count
    from engagement.move_inputs(p_from_id) i;
end
$$;
comment on function engagement.join_customer(engagement.host_key, engagement.host_key, boolean) is
    'Internal: merges a customer into another; returns how many adjustments and social scores were '
    'moved, and how many social scores were set aside. Raises EG016.';
