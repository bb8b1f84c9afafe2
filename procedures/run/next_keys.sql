-- Internal. Takes the next activities of a source off the work of the run, in key order. It finds
-- the last key of the batch, then deletes everything up to it. Both statements read the primary key
-- from its beginning, so the cost depends on the batch alone. Nothing is joined, and other plans
-- are switched off: the statistics of a work table may date from a moment when it was empty or held
-- other sources.
-- Reads and writes: recalculation_key.
create or replace function engagement.next_keys(p_source text, p_limit integer)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
    v_last engagement.host_key;
    v_ids engagement.host_key[];
begin
    select k.source_id into v_last
    from engagement.recalculation_key k
    where k.source = p_source
    order by k.source, k.source_id
    offset p_limit - 1
    limit 1;
    if not found then
        select k.source_id into v_last
        from engagement.recalculation_key k
        where k.source = p_source
        order by k.source desc, k.source_id desc
        limit 1;
    end if;
    with batch as (
        delete from engagement.recalculation_key k
        where k.source = p_source and k.source_id <= v_last
        returning k.source_id
    )
    select array_agg(b.source_id order by b.source_id) into v_ids from batch b;
    return v_ids;
end
$$;
comment on function engagement.next_keys(text, integer) is
    'Internal: takes up to p_limit activities of a source off recalculation_key, smallest keys '
    'first.';
