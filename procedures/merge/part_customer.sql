-- Internal. Takes a merge back. What was entered for the customer, or for somebody who is merged
-- into it, goes back to it from the customer that holds it now, as it is now. A row that was
-- removed since then stays removed. What was entered for the other customer stays there.
-- Definer, as join_customer.
-- Reads: customer_merge. Writes: customer_merge, score_adjustment, social_score, merged_input.
-- Locks: merges. Raises: EG016.
create or replace function engagement.part_customer(
    p_from_id engagement.host_key,
    p_into_id engagement.host_key,
    out adjustment_count bigint,
    out score_count bigint,
    out back_count bigint
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_holder engagement.host_key;
    v_group engagement.host_key[];
    v_other engagement.host_key;
begin
    perform engagement.lock_merges();
    select m.into_id into v_other
    from engagement.customer_merge m
    where m.from_id = p_from_id and m.unmerged_at is null;
    if v_other is null or v_other is distinct from p_into_id then
        raise exception 'the customer is not merged into the other'
            using errcode = 'EG016',
                  detail = case when v_other is null
                                then format('customer %s is not merged into %s, nor into anybody '
                                            'else', p_from_id, p_into_id)
                                else format('customer %s is merged into %s, not into %s', p_from_id,
                                            v_other, p_into_id) end,
                  hint = 'select * from engagement.customer_merge where unmerged_at is null lists '
                         'who is merged into whom.';
    end if;
    v_holder := engagement.merge_root(p_from_id);
    v_group := engagement.merged_group(p_from_id);
    -- What was entered for them since and still waits for a run.
    perform engagement.move_inputs(g.id) from unnest(v_group) g (id);
    update engagement.customer_merge m
    set unmerged_at = clock_timestamp(), unmerged_by = session_user
    where m.from_id = p_from_id and m.unmerged_at is null;

    update engagement.score_adjustment a
    set customer_id = p_from_id
    where a.customer_id = v_holder
          and exists (select from engagement.merged_input m
                      where m.source = 'adjustment' and m.source_id = a.source_id
                            and m.customer_id = any (v_group));
    get diagnostics adjustment_count = row_count;
    update engagement.social_score s
    set customer_id = p_from_id
    where s.customer_id = v_holder
          and exists (select from engagement.merged_input m
                      where m.source = 'social_score' and m.source_id = s.source_id
                            and m.customer_id = any (v_group));
    get diagnostics score_count = row_count;
    delete from engagement.merged_input m
    where m.customer_id = p_from_id and m.set_aside is null;
    back_count := engagement.bring_back(p_from_id) + engagement.bring_back(v_holder);
end
$$;
comment on function engagement.part_customer(engagement.host_key, engagement.host_key) is
    'Internal: takes a merge back; returns how many adjustments and social scores went back, and '
    'how many that were set aside are in force again. Raises EG016.';
