-- Internal. Phase TOTALS: sums one batch of customers. A refresh of one of them waits for the
-- batch, so the batch is small from the start, both in customers and in their awards. The batch
-- itself waits at most 200 ms for a lock: customers whose row another session holds are left until
-- all others are done. Then the run waits for the first of them, while it holds no other row. If a
-- refresh was left open, the run gives up after 30 seconds (55P03), and the next run resumes it. If
-- the host's employments cannot be read, nobody is summed, and the work waits for the next run.
-- Reads: recalculation_customer.
-- Writes: customer_score, category_score, recalculation_customer, recalculation_run.
-- Locks: the rows of the batch; advisory (class, 4) to create rows; see write_totals.
create or replace function engagement.run_totals(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
set enable_seqscan = off
set jit = off
as $$
declare
    v_began_at timestamptz := clock_timestamp();
    v_size integer := coalesce(p_run.batch_size, 500);
    v_ids engagement.host_key[];
    v_free engagement.host_key[];
    v_known engagement.host_key[];
    v_is_touched boolean;
    v_is_busy boolean;
    v_count bigint;
begin
    if 'employment' = any (p_run.failed_sources) then
        return false;
    end if;
    select n.customer_ids, n.is_touched, n.is_busy into v_ids, v_is_touched, v_is_busy
    from engagement.next_customers(p_limit => v_size, p_award_limit => 10000) n;
    if v_ids is null then
        return false;
    end if;
    v_free := v_ids;
    if v_is_busy then
        perform set_config('lock_timeout', '30s', true);
        v_free := engagement.lock_scores(v_ids[1:1]);
        if v_free = '{}' then
            -- The customer has no row yet. Sessions that create rows hold this lock; after them,
            -- all customers without a row are free.
            perform pg_advisory_xact_lock(engagement.lock_class(), 4);
            select array_agg(s.customer_id) into v_known
            from engagement.customer_score s
            where s.customer_id = any (v_ids);
            v_free := array(select u.id from unnest(v_ids) u (id)
                            except
                            select k.id from unnest(v_known) k (id));
        end if;
        v_began_at := clock_timestamp();
        v_free := v_free || engagement.lock_free_scores(v_ids[2:]);
    end if;
    begin
        v_count := engagement.write_totals(
            p_customer_ids => v_free, p_as_of => p_run.as_of, p_always_stamp => v_is_touched,
            p_follow_clock => p_run.as_of = p_run.started_at);
    exception when lock_not_available then
        if v_is_busy then
            raise;
        end if;
        v_free := engagement.lock_free_scores(v_ids);
        perform set_config('lock_timeout', '30s', true);
        v_count := engagement.write_totals(
            p_customer_ids => v_free, p_as_of => p_run.as_of, p_always_stamp => v_is_touched,
            p_follow_clock => p_run.as_of = p_run.started_at);
    end;
    insert into engagement.recalculation_customer (customer_id, is_touched, is_busy)
    select i.id, v_is_touched, true
    from (select u.id from unnest(v_ids) u (id) except select f.id from unnest(v_free) f (id)) i
    on conflict (customer_id) do nothing;
    update engagement.recalculation_run r
    set done_count = r.done_count + cardinality(v_free), score_count = r.score_count + v_count,
        batch_size = engagement.next_batch_size(
            p_size => v_size, p_began_at => v_began_at, p_least => 50, p_most => 5000)
    where r.run_id = p_run.run_id;
    return true;
exception when syntax_error_or_access_rule_violation or data_exception then
    perform engagement.skip_source(p_run, 'employment', sqlstate, sqlerrm);
    return false;
end
$$;
comment on function engagement.run_totals(engagement.recalculation_run) is
    'Internal: phase TOTALS of a run.';
