-- Internal. Brings the awards of one source up to date for the queue rows that catch_up has taken.
-- Returns the customers concerned. What fails here waits for the next
-- run, because the next second would fail as well. An activity that cannot be scored becomes work of the run. A source whose
-- keys cannot be looked up is to be compared as a whole. Only what another session has locked goes
-- back to the queue as it was.
-- A key may lead to many activities: a product, say, to all its lines. Those beyond p_limit go back
-- to the queue.
-- Reads: the view and the ledger.
-- Writes: award, pending_activity, recalculation_key, scoring_failure.
create or replace function engagement.catch_up_source(
    p_run engagement.recalculation_run,
    p_source text,
    p_taken engagement.pending_activity[],
    p_limit integer
)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
set jit = off
as $$
declare
    v_column text;
    v_keys text[];
    v_ids engagement.host_key[];
begin
    begin
        for v_column, v_keys in
            select case when t.source = 'employment' then 'customer_id' else t.activity_column end,
                   array_agg(distinct k.key)
            from unnest(p_taken) t
            cross join lateral unnest(t.keys) k (key)
            where t.source in (p_source, 'employment')
            group by 1
        loop
            v_ids := v_ids || engagement.activities_of_keys(p_source, v_column, v_keys);
        end loop;
    exception
        when connection_exception then
            raise;  -- see run_sources
        when lock_not_available or deadlock_detected then
            insert into engagement.pending_activity (source, activity_column, keys, queued_at)
            select p_source,
                   case when t.source = 'employment' then 'customer_id' else t.activity_column end,
                   t.keys, now()
            from unnest(p_taken) t
            where t.source in (p_source, 'employment');
            return '{}';
        when others then
            insert into engagement.pending_activity (source)
            select p_source
            where not exists (select from engagement.pending_activity p
                              where p.source = p_source and p.activity_column is null);
            perform engagement.skip_source(p_run, p_source, sqlstate, sqlerrm);
            return '{}';
    end;
    v_ids := array(select distinct i from unnest(v_ids) i order by i);
    insert into engagement.pending_activity (source, activity_column, keys, queued_at)
    select p_source, 'source_id', v_ids[g.first : g.first + p_limit - 1]::text[],
           (select min(t.queued_at) from unnest(p_taken) t)
    from generate_series(p_limit + 1, cardinality(v_ids), p_limit) g (first);
    v_ids := v_ids[: p_limit];
    perform engagement.award_batch(p_run, p_source, v_ids);
    if exists (select from engagement.scoring_failure f
               where f.source = p_source and f.source_id = any (v_ids::text[])
                     and f.resolved_at is null) then
        with failed as (
            delete from engagement.pending_activity p
            using engagement.scoring_failure f
            where p.source = p_source and p.activity_column = 'source_id'
                  and cardinality(p.keys) = 1 and p.keys[1] = any (v_ids::text[])
                  and f.source = p_source and f.source_id = p.keys[1] and f.resolved_at is null
                  and f.sqlstate_code not in ('55P03', '40P01')
            returning p.keys[1] as source_id
        )
        insert into engagement.recalculation_key (source, source_id)
        select distinct p_source, f.source_id::engagement.host_key from failed f
        on conflict (source, source_id) do nothing;
    end if;
    return engagement.concerned_customers(p_source, v_ids);
end
$$;
comment on function engagement.catch_up_source(
    engagement.recalculation_run, text, engagement.pending_activity[], integer
) is
    'Internal: brings the awards of a source up to date for queue rows that were taken, for at most '
    'p_limit activities; returns the customers concerned.';
