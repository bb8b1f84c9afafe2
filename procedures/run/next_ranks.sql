-- Internal. Takes the next ranks off the work of the run, in key order. Ranks of customers whose
-- row another session held come after all others. Like next_keys it reads the primary key only.
-- Reads and writes: recalculation_rank.
create or replace function engagement.next_ranks(p_limit integer)
returns engagement.recalculation_rank[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
    v_is_busy boolean := not exists (select from engagement.recalculation_rank k
                                     where not k.is_busy);
    v_last engagement.host_key;
    v_ranks engagement.recalculation_rank[];
begin
    select k.customer_id into v_last
    from engagement.recalculation_rank k
    where k.is_busy = v_is_busy
    order by k.customer_id
    offset p_limit - 1
    limit 1;
    if not found then
        select k.customer_id into v_last
        from engagement.recalculation_rank k
        order by k.customer_id desc
        limit 1;
    end if;
    with batch as (
        delete from engagement.recalculation_rank k
        where k.customer_id <= v_last and k.is_busy = v_is_busy
        returning k.*
    )
    select array_agg(b::engagement.recalculation_rank order by b.customer_id) into v_ranks
    from batch b;
    return v_ranks;
end
$$;
comment on function engagement.next_ranks(integer) is
    'Internal: takes up to p_limit rows off recalculation_rank, smallest keys first; NULL when '
    'nothing is left.';
