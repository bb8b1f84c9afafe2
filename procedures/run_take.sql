-- Phase TAKE: the queue becomes work. Rows are deleted from the queue and turned into work in one
-- transaction, so no key is lost; a transaction that has not committed yet leaves its row to the
-- next run.
-- Reads: activity_source, the views.
-- Writes: pending_activity, recalculation_source, recalculation_key, recalculation_customer,
-- scoring_failure.
create or replace function engagement.run_take(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_other text;
    v_keys text[];
begin
    perform engagement.take_rechecks();
    for v_source in
        select distinct p.source from engagement.pending_activity p
        where p.activity_column is null
    loop
        delete from engagement.pending_activity p
        where p.source = v_source and p.activity_column is null;
        if v_source = 'customer' then
            perform engagement.collect_everybody();
        else
            insert into engagement.recalculation_source (source)
            select v_source where v_source <> 'employment'
            union
            select s.source from engagement.activity_source s
            where v_source = 'employment' and s.detached_at is null
            on conflict (source) do nothing;
            if v_source = 'employment' then
                perform engagement.collect_everybody();
            end if;
        end if;
    end loop;

    -- Keys of customers: to be summed. Keys of employees: all their activities may have another
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
        if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT' then
            -- Which company lost somebody is no longer to be seen: all are summed.
            perform engagement.collect_everybody();
        end if;
    end if;

    -- What could not be scored is tried again: its activity may be gone, with nothing left to tell.
    insert into engagement.recalculation_key (source, source_id)
    select f.source, f.source_id::engagement.host_key
    from engagement.scoring_failure f
    inner join engagement.activity_source s on s.source = f.source and s.detached_at is null
    where f.source_id is not null and f.resolved_at is null
    on conflict (source, source_id) do nothing;

    for v_source in
        select distinct p.source from engagement.pending_activity p
        where p.activity_column <> 'recheck'
    loop
        if exists (select from engagement.activity_source s
                   where s.source = v_source and s.detached_at is not null) then
            delete from engagement.pending_activity p
            where p.source = v_source and p.activity_column <> 'recheck';
        elsif not exists (select from engagement.activity_source s where s.source = v_source) then
            delete from engagement.pending_activity p
            where p.source = v_source and p.activity_column <> 'recheck';
            insert into engagement.recalculation_source (source) values (v_source)
            on conflict (source) do nothing;
        elsif exists (select from engagement.recalculation_source s where s.source = v_source) then
            null;  -- compared as a whole first; the keys are taken after that, to know whom to sum
        else
            perform engagement.take_keys(p_run, v_source);
        end if;
    end loop;
    return false;
end
$$;
comment on function engagement.run_take(engagement.recalculation_run) is
    'Internal: phase TAKE of a run.';
