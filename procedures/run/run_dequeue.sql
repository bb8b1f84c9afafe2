-- Internal. Phase DEQUEUE: the queue becomes work, and changes of rules begin to count.
--
-- Rows are deleted from the queue and turned into work in one transaction, so no key is lost. The
-- rows of a transaction that has not committed yet are left to the next run.
--
-- Why no change of rules is lost, however runs and changes interleave:
--   1. A retroactive change alters is_active only. Activities earn by is_applied, which is set here
--      and nowhere else. The statement before it adds every source that such a version scores to
--      the work. Both commit together, and a source stays in the work until a run has compared it.
--      So whatever happens to the queue, an applied change is compared afterwards: by this run, or
--      by the run that resumes it.
--   2. This phase holds the setup lock. A transaction that changes rules or parameters holds it
--      until its end, so this phase sees either all versions of a change or none.
--   3. Triggers and refreshes write awards outside a run. They queue the keys of what they wrote in
--      the same transaction. If one of them has read the old rules or parameters and commits after
--      this run's comparison, its keys are still queued, and the next run repairs its awards.
--   4. Any other change (a rule from now on, a parameter, a view, a key) becomes visible together
--      with its row in the queue. A row that is not visible yet is left to the next run.
-- This phase waits 10 seconds for a transaction that has left a change of the setup open. Then the
-- run goes on by the old rules, and the next run applies the change.
-- Reads: activity_source, score_rule, the views.
-- Writes: score_rule, pending_activity, pending_recheck, recalculation_source, recalculation_key,
-- recalculation_customer, recalculation_run, scoring_failure.
-- Locks: the setup lock.
create or replace function engagement.run_dequeue(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '10s'
as $$
declare
    v_source text;
    v_other text;
    v_keys text[];
    v_taken_at timestamptz;
begin
    begin
        perform engagement.lock_setup();
        insert into engagement.recalculation_source (source)
        select distinct s.source
        from engagement.score_rule r
        inner join engagement.activity_source s
            on s.detached_at is null and s.engagement_type = r.engagement_type
               and s.effective_when is not distinct from r.effective_when
        where r.is_applied <> r.is_active
        on conflict (source) do nothing;
        update engagement.score_rule r
        set is_applied = r.is_active
        where r.is_applied <> r.is_active;
        v_taken_at := clock_timestamp();
    exception when lock_not_available then
        raise notice 'somebody is changing rules or parameters: the next run applies the change';
    end;
    update engagement.recalculation_run r
    set taken_at = v_taken_at
    where r.run_id = p_run.run_id;

    perform engagement.take_rechecks();
    for v_source in
        select distinct p.source from engagement.pending_activity p
        where p.activity_column is null
    loop
        if v_source in ('customer', 'employment')
           and not engagement.collect_everybody(p_run) then
            continue;  -- stays in the queue
        end if;
        delete from engagement.pending_activity p
        where p.source = v_source and p.activity_column is null;
        insert into engagement.recalculation_source (source)
        select v_source where v_source not in ('customer', 'employment')
        union
        select s.source from engagement.activity_source s
        where v_source = 'employment' and s.detached_at is null
        on conflict (source) do nothing;
    end loop;

    -- Queued customers are to be summed. Of queued employees all activities may have another
    -- employer.
    with taken as (
        delete from engagement.pending_activity p
        where p.source = 'customer'
        returning p.keys
    )
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select distinct k.key::engagement.host_key, true
    from taken t
    cross join unnest(t.keys) k (key)
    on conflict (customer_id) do update set is_touched = true;
    with taken as (
        delete from engagement.pending_activity p
        where p.source = 'employment'
        returning p.keys
    )
    select array_agg(distinct k.key) into v_keys from taken t cross join unnest(t.keys) k (key);
    if v_keys is not null then
        insert into engagement.pending_activity (source, activity_column, keys)
        select s.source, 'customer_id', v_keys
        from engagement.activity_source s
        where s.detached_at is null;
        -- The view no longer shows which company lost an employee, so everybody is summed.
        if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT'
           and not engagement.collect_everybody(p_run) then
            insert into engagement.pending_activity (source) values ('employment');
        end if;
    end if;

    -- Activities that could not be scored are tried again. One may be gone with no key queued.
    insert into engagement.recalculation_key (source, source_id)
    select f.source, f.source_id::engagement.host_key
    from engagement.scoring_failure f
    inner join engagement.activity_source s on s.source = f.source and s.detached_at is null
    where f.source_id is not null and f.resolved_at is null
    on conflict (source, source_id) do nothing;

    for v_source in
        select distinct p.source from engagement.pending_activity p
        where p.activity_column is not null
    loop
        if exists (select from engagement.activity_source s
                   where s.source = v_source and s.detached_at is not null) then
            delete from engagement.pending_activity p
            where p.source = v_source and p.activity_column is not null;
        elsif not exists (select from engagement.activity_source s where s.source = v_source) then
            delete from engagement.pending_activity p
            where p.source = v_source and p.activity_column is not null;
            insert into engagement.recalculation_source (source) values (v_source)
            on conflict (source) do nothing;
        elsif exists (select from engagement.recalculation_source s where s.source = v_source) then
            null;  -- run_sources takes the keys after it has compared the whole source
        else
            perform engagement.take_keys(p_run, v_source);
        end if;
    end loop;
    return false;
end
$$;
comment on function engagement.run_dequeue(engagement.recalculation_run) is
    'Internal: phase DEQUEUE of a run.';
