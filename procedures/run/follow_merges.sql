-- Internal. Part of phase PREPARE: merges what the host has merged. Three things, in this order:
-- what was entered for a merged customer since then follows it; merges of pairs that the optional
-- view engagement_host.merged_customer no longer shows are taken back; pairs that are new in it are
-- merged as soon as there is something to move. A host may have merged many thousands of customers,
-- and for few of them has anybody entered anything.
--
-- Without the view the second and the third do not happen: merges stay as they are. A merge by hand
-- stays, whatever the view shows. Pairs that mean nothing (a NULL, a customer into itself or into
-- two, a circle) are left out, and the run says so. Whatever fails here fails as a source does: its
-- work waits for the next run.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.merged_customer. Writes: customer_merge, merged_input, score_adjustment,
-- social_score, scoring_failure, recalculation_run. Locks: merges.
create or replace function engagement.follow_merges(p_run engagement.recalculation_run)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '10s'
as $$
declare
    v_from_ids engagement.host_key[];
    v_into_ids engagement.host_key[];
    v_from_id engagement.host_key;
    v_into_id engagement.host_key;
    v_problems text;
    v_has_more boolean := true;
begin
    perform engagement.lock_merges();
    perform engagement.move_inputs(w.from_id)
    from (
        select m.from_id
        from engagement.customer_merge m
        where m.unmerged_at is null
              and (exists (select from engagement.social_score s where s.customer_id = m.from_id)
                   or m.from_id in (select a.customer_id from engagement.score_adjustment a))
        order by m.from_id
    ) w;
    if to_regclass('engagement_host.merged_customer') is null then
        return;
    end if;
    execute 'select array_agg(v.from_id::engagement.host_key), '
            'array_agg(v.into_id::engagement.host_key) from engagement_host.merged_customer v'
        into v_from_ids, v_into_ids;
    for v_from_id, v_into_id in
        select m.from_id, m.into_id
        from engagement.customer_merge m
        where m.is_by_host and m.unmerged_at is null
              and not exists (select from unnest(v_from_ids, v_into_ids) p (from_id, into_id)
                              where p.from_id = m.from_id and p.into_id = m.into_id)
        order by m.from_id
    loop
        perform engagement.part_customer(p_from_id => v_from_id, p_into_id => v_into_id);
    end loop;
    -- Somebody may hold something to move only when another was merged into them. Together with
    -- merges by hand, pairs of the view may close a circle; such a pair stays due.
    while v_has_more loop
        v_has_more := false;
        for v_from_id, v_into_id in
            select p.from_id, p.into_id
            from engagement.merge_pairs(v_from_ids, v_into_ids) p
            where p.is_due
            order by p.from_id
        loop
            if engagement.merge_root(v_into_id) <> v_from_id then
                perform engagement.join_customer(
                    p_from_id => v_from_id, p_into_id => v_into_id, p_is_by_host => true);
                v_has_more := true;
            end if;
        end loop;
    end loop;
    -- Without the keys, so that no person's is left when they are erased.
    select string_agg(p.row_count || ' ' || p.problem, '; ' order by p.problem collate "C") into v_problems
    from (
        select coalesce(p.problem, 'in a circle with a merge by hand') as problem,
               count(*) as row_count
        from engagement.merge_pairs(v_from_ids, v_into_ids) p
        where p.problem is not null or p.is_due
        group by 1
    ) p;
    if v_problems is not null then
        v_problems := 'view engagement_host.merged_customer shows pairs that cannot be merged: '
                      || v_problems;
        -- What an earlier run found is not so any more.
        update engagement.scoring_failure f
        set resolved_at = p_run.started_at
        where f.source = 'merged_customer' and f.resolved_at is null and f.message <> v_problems;
        perform engagement.skip_source(p_run, 'merged_customer', 'EG007', v_problems);
    end if;
exception
    when lock_not_available or deadlock_detected then
        null;  -- somebody is merging by hand, or has locked the view; the next run tries again
    when connection_exception then
        raise;  -- see run_sources
    when others then
        perform engagement.skip_source(p_run, 'merged_customer', sqlstate, sqlerrm);
end
$$;
comment on function engagement.follow_merges(engagement.recalculation_run) is
    'Internal: merges customers, and takes merges back, as engagement_host.merged_customer shows '
    'them, if the host has this view; what was entered for a merged customer follows it.';
