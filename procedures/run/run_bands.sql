-- Internal. Phase BANDS: writes and announces one batch of changed ranks. Like run_totals it leaves
-- customers whose row another session holds until all others are done. A customer that a refresh
-- has changed meanwhile keeps the rank that the refresh found.
-- Reads: recalculation_rank.
-- Writes: customer_score, score_event, recalculation_rank, recalculation_run.
-- Locks: the rows of the batch.
create or replace function engagement.run_bands(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
set enable_seqscan = off
set jit = off
as $$
declare
    v_began_at timestamptz := clock_timestamp();
    v_size integer := coalesce(p_run.batch_size, 2000);
    v_ranks engagement.recalculation_rank[];
    v_ids engagement.host_key[];
    v_free engagement.host_key[];
    v_known engagement.host_key[];
begin
    v_ranks := engagement.next_ranks(v_size);
    if v_ranks is null then
        return false;
    end if;
    v_ids := array(select distinct r.customer_id from unnest(v_ranks) r order by r.customer_id);
    v_free := v_ids;
    if v_ranks[1].is_busy then
        perform set_config('lock_timeout', '30s', true);
        v_free := engagement.lock_scores(v_ids[1:1]);  -- no session waits for the run
        v_began_at := clock_timestamp();
        v_free := v_free || engagement.lock_free_scores(v_ids[2:]);
    end if;
    begin
        perform engagement.write_ranks(p_run, v_ranks, v_free);
    exception when lock_not_available then
        if v_ranks[1].is_busy then
            raise;
        end if;
        v_free := engagement.lock_free_scores(v_ids);
        perform engagement.write_ranks(p_run, v_ranks, v_free);
    end;
    if cardinality(v_free) < cardinality(v_ids) then
        select array_agg(s.customer_id) into v_known
        from engagement.customer_score s
        where s.customer_id = any (v_ids);
        insert into engagement.recalculation_rank (
            customer_id, category_code, score, percentile, band_code, ranked_type, is_crossing,
            is_busy
        )
        select r.customer_id, r.category_code, r.score, r.percentile, r.band_code, r.ranked_type,
               r.is_crossing, true
        from unnest(v_ranks) r
        where r.customer_id in (select k.id from unnest(v_known) k (id))
              and r.customer_id not in (select f.id from unnest(v_free) f (id));
    end if;
    update engagement.recalculation_run r
    set batch_size = engagement.next_batch_size(
            p_size => v_size, p_began_at => v_began_at, p_least => 50, p_most => 10000)
    where r.run_id = p_run.run_id;
    return true;
end
$$;
comment on function engagement.run_bands(engagement.recalculation_run) is
    'Internal: phase BANDS of a run: writes percentiles and bands that have changed.';
