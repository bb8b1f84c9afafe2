-- Internal. Sums and ranks some customers for catch_up. Customers whose row another session holds
-- go back to the queue. If the host's employments or customers cannot be read, that waits for the
-- next run, so that it is not tried again every second.
-- Writes: customer_score, category_score, score_event, pending_activity, recalculation_customer,
-- scoring_failure. Locks: as write_totals.
create or replace function engagement.catch_up_totals(
    p_run engagement.recalculation_run, p_customer_ids engagement.host_key[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    v_free engagement.host_key[] := p_customer_ids;
    v_scored engagement.host_key[];
    v_is_written boolean := false;
begin
    for v_attempt in 1 .. 3 loop
        begin
            perform engagement.write_totals(
                p_customer_ids => v_free, p_as_of => null, p_always_stamp => true,
                p_follow_clock => false);
            perform engagement.rank_customers(v_free);
            v_is_written := true;
            exit;
        exception
            when connection_exception then
                raise;  -- see run_sources
            when lock_not_available or deadlock_detected then
                exit when v_attempt = 3;
                v_free := engagement.lock_free_scores(p_customer_ids);
                if v_attempt = 1 then
                    -- Customers without a row are left out only if another session makes rows.
                    select array_agg(s.customer_id) into v_scored
                    from engagement.customer_score s
                    where s.customer_id = any (p_customer_ids);
                    v_free := v_free || array(select i from unnest(p_customer_ids) i
                                              where i <> all (coalesce(v_scored, '{}')));
                end if;
            when others then
                insert into engagement.recalculation_customer (customer_id, is_touched)
                select distinct i, true from unnest(p_customer_ids) i
                on conflict (customer_id) do update set is_touched = true;
                perform engagement.skip_source(p_run, 'customer', sqlstate, sqlerrm);
                return;
        end;
    end loop;
    insert into engagement.pending_activity (source, activity_column, keys)
    select 'customer', 'customer_id', b.keys
    from (select array_agg(i::text) as keys from unnest(p_customer_ids) i
          where not v_is_written or i <> all (v_free)) b
    where b.keys is not null;
end
$$;
comment on function engagement.catch_up_totals(
    engagement.recalculation_run, engagement.host_key[]
) is
    'Internal: sums and ranks these customers now; those that another session holds stay queued.';
