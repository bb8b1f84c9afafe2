-- Internal. Takes the next customers whom catch_up sums when no statement waits: customers from the
-- queue, and customers whom a date has changed. A company is due again some time after it was
-- summed, 0.1 ms for each award that counts for it. So an order of one employee never makes a
-- company of 50,000 employees the work of every second. Its sum cannot be carried forward by the
-- difference: changes become visible in another order than they were made in, and neither the
-- stored sum nor an award says which of the two came first.
-- A batch has at most p_limit customers of each kind. It ends before the company that would take
-- the awards of companies over 40,000, a tenth of a second.
-- Whoever waits already is not found by date: customers whom this call has put back into the queue,
-- because somebody holds their row, and customers whom it has left to the next run. Otherwise the
-- call would try them again and again.
-- Reads: customer_score, award, recalculation_customer. Reads and writes: pending_activity.
create or replace function engagement.take_due_customers(p_before timestamptz, p_limit integer)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_taken engagement.pending_activity[] := engagement.take_statements(
        p_sources => array['customer'], p_before => p_before, p_limit => p_limit);
    v_queued engagement.host_key[];
    v_waiting engagement.host_key[];
    v_dated engagement.host_key[];
    v_ids engagement.host_key[];
    v_since timestamptz[];
    v_early engagement.host_key[];
    v_due engagement.host_key[];
begin
    v_queued := array(select distinct k.key::engagement.host_key
                      from unnest(v_taken) t
                      cross join lateral unnest(t.keys) k (key));
    if exists (select 1 from engagement.customer_score s where s.next_change_at <= v_now) then
        v_waiting := array(
            select c.customer_id from engagement.recalculation_customer c
            union
            select k.key::engagement.host_key
            from engagement.pending_activity p
            cross join lateral unnest(p.keys) k (key)
            where p.source = 'customer' and p.activity_column is not null
                  and p.queued_at >= p_before);
        select array_agg(d.customer_id) into v_dated
        from (select s.customer_id from engagement.customer_score s
              where s.next_change_at <= v_now
                    and s.customer_id not in (select w.id from unnest(v_waiting) w (id))
              order by s.next_change_at
              limit p_limit) d;
    end if;
    v_due := array(select i from unnest(v_queued) i union select i from unnest(v_dated) i);
    select array_agg(s.customer_id), array_agg(s.calculated_at) into v_ids, v_since
    from engagement.customer_score s
    where s.customer_id = any (v_due) and s.calculated_at <= v_now;
    with customer as (
        select k.id, coalesce(e.award_count, 0) as award_count,
               e.award_count > 1000
               and e.award_count > extract(epoch from v_now - s.since) * 10000 as is_early
        from unnest(v_due) k (id)
        left join unnest(v_ids, v_since) s (id, since) on s.id = k.id
        left join engagement.employer_sizes(v_due, 1000000) e on e.employer_id = k.id
    )
    select array_agg(c.id order by c.id)
               filter (where not c.is_early and c.before_count < 40000),
           array_agg(c.id) filter (where c.is_early)
    into v_due, v_early
    from (
        select c.id, c.is_early is true as is_early,
               sum(case when c.is_early then 0 else c.award_count end) over (order by c.id)
               - c.award_count as before_count
        from customer c
    ) c;
    -- Those not due go back for the next call, the others for the next batch of this one.
    insert into engagement.pending_activity (source, activity_column, keys, queued_at)
    select 'customer', 'customer_id', array_agg(b.id::text),
           case when b.is_early then now() else (select min(t.queued_at) from unnest(v_taken) t) end
    from (select i as id, i = any (coalesce(v_early, '{}')) as is_early
          from unnest(v_queued) i
          where i <> all (coalesce(v_due, '{}'))) b
    group by b.is_early;
    return coalesce(v_due, '{}');
end
$$;
comment on function engagement.take_due_customers(timestamptz, integer) is
    'Internal: takes up to p_limit customers to sum: queued before p_before, or changed by a date. '
    'Companies that were summed a moment ago stay queued, the longer the more awards they have.';
