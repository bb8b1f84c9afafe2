-- Internal. Phase ACTIVITIES: single activities, one batch of one source.
-- Reads: activity_source.
-- Writes: award, recalculation_key, recalculation_customer, scoring_failure, recalculation_run.
create or replace function engagement.run_activities(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    v_began_at timestamptz := clock_timestamp();
    v_size integer := coalesce(p_run.batch_size, 2000);
    v_source text;
    v_ids engagement.host_key[];
    v_counts bigint[];
begin
    v_source := engagement.next_source(p_run.failed_sources);
    if v_source is null then
        -- The keys of trigger calls that failed have now been re-derived.
        update engagement.scoring_failure f
        set resolved_at = p_run.started_at
        where f.source_id is null and f.resolved_at is null and f.failed_at < p_run.started_at
              and f.source <> all (p_run.failed_sources);
        return false;
    elsif not exists (select from engagement.activity_source s
                      where s.source = v_source and s.detached_at is null) then
        -- If the source was unregistered meanwhile, that has queued it as a whole. If it was
        -- detached, its awards stay as they are; they are compared when it is registered again.
        delete from engagement.recalculation_key k where k.source = v_source;
        return true;
    end if;
    v_ids := engagement.next_keys(v_source, v_size);

    v_counts := engagement.award_batch(p_run, v_source, v_ids);

    -- Every customer that has or had an award of these activities is concerned, even if this run
    -- changed nothing: a trigger may have made the change already.
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select c.id, true
    from unnest(engagement.concerned_customers(v_source, v_ids)) c (id)
    on conflict (customer_id) do update set is_touched = true;
    update engagement.recalculation_run r
    set award_count = r.award_count + v_counts[1],
        void_count = r.void_count + v_counts[2],
        done_count = r.done_count + cardinality(v_ids),
        batch_size = engagement.next_batch_size(
            p_size => v_size, p_began_at => v_began_at, p_least => 500, p_most => 10000)
    where r.run_id = p_run.run_id;
    return true;
end
$$;
comment on function engagement.run_activities(engagement.recalculation_run) is
    'Internal: phase ACTIVITIES of a run.';
