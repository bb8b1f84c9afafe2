-- Internal. Takes the next customers off the work of the run, in key order. A batch has customers
-- of one kind (touched or not). Customers whose row another session held come after all others.
-- Like next_keys it reads the primary key only. A batch ends before the customer that would take
-- its awards over p_award_limit, because a few companies may have the awards of everybody. FETCH
-- counts one customer at a time: a FOR loop would fetch, and count, ten ahead. On a cluster an
-- overlay replaces it.
-- Reads: award. Reads and writes: recalculation_customer.
create or replace function engagement.next_customers(
    p_limit integer,
    p_award_limit integer,
    out customer_ids engagement.host_key[],
    out is_touched boolean,
    out is_busy boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_column
declare
    v_is_touched boolean;
    v_id engagement.host_key;
    v_last engagement.host_key;
    v_count bigint;
    v_award_count bigint := 0;
    c_next cursor for
        select c.customer_id, own.award_count + employees.award_count
        from (
            select c.customer_id
            from engagement.recalculation_customer c
            where c.is_touched = next_customers.is_touched and c.is_busy = next_customers.is_busy
            order by c.customer_id
            limit p_limit
        ) c
        cross join lateral (
            -- "select 1" allows index-only scans.
            select count(*) as award_count
            from (select 1 from engagement.award w
                  where w.customer_id = c.customer_id limit p_award_limit) w
        ) own
        cross join lateral (
            select count(*) as award_count
            from (select 1 from engagement.award w
                  where w.employer_id = c.customer_id and w.voided_at is null
                  limit p_award_limit) w
        ) employees
        order by c.customer_id;
begin
    is_busy := false;
    select c.is_touched into v_is_touched
    from engagement.recalculation_customer c
    where not c.is_busy
    order by c.customer_id
    limit 1;
    if not found then
        is_busy := true;
        select c.is_touched into v_is_touched
        from engagement.recalculation_customer c
        order by c.customer_id
        limit 1;
    end if;
    if not found then
        return;
    end if;
    is_touched := v_is_touched;
    open c_next;
    loop
        fetch c_next into v_id, v_count;
        exit when not found;
        v_award_count := v_award_count + v_count;
        exit when v_award_count > p_award_limit and v_last is not null;
        v_last := v_id;
    end loop;
    close c_next;
    with batch as (
        delete from engagement.recalculation_customer c
        where c.customer_id <= v_last
              and c.is_touched = next_customers.is_touched and c.is_busy = next_customers.is_busy
        returning c.customer_id
    )
    select array_agg(b.customer_id order by b.customer_id) into customer_ids from batch b;
end
$$;
comment on function engagement.next_customers(integer, integer) is
    'Internal: takes up to p_limit customers of one kind off recalculation_customer, smallest keys '
    'first. Together they have at most p_award_limit awards, unless it is one customer. '
    'customer_ids is NULL when nothing is left.';
