-- API. Takes merge_customer back: the two were not one after all.
-- Writes: what part_customer writes. Raises: EG006, EG016.
create or replace procedure engagement.unmerge_customer(
    p_from engagement.host_key,
    p_into engagement.host_key
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_by_host boolean;
    v_moved record;
begin
    perform engagement.check_attached();
    select m.is_by_host into v_is_by_host
    from engagement.customer_merge m
    where m.from_id = p_from and m.unmerged_at is null;
    select p.* into v_moved
    from engagement.part_customer(p_from_id => p_from, p_into_id => p_into) p;
    raise notice 'moved back: % adjustments, % social scores; in force again: % social scores',
                 v_moved.adjustment_count, v_moved.score_count, v_moved.back_count;
    if v_is_by_host then
        raise notice 'the host''s view engagement_host.merged_customer showed this merge: as long '
                     'as it does, the next run merges the two again';
    end if;
end
$$;
comment on procedure engagement.unmerge_customer(engagement.host_key, engagement.host_key) is
    'Takes engagement.merge_customer back: what was entered for p_from goes back to it as it is '
    'now, what was set aside is in force again, and what was entered for p_into since stays there. '
    'Raises EG016 if p_from is not merged into p_into.';
