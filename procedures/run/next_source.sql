-- Internal. The first source that has activities among the work of the run, those left out that it
-- could not read. One probe of the primary key for each source: a source that was left out may have
-- millions.
-- Reads: recalculation_key.
create or replace function engagement.next_source(p_failed_sources text[])
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
    v_source text := '';
begin
    loop
        select k.source into v_source
        from engagement.recalculation_key k
        where k.source > v_source
        order by k.source, k.source_id
        limit 1;
        exit when not found or v_source <> all (p_failed_sources);
    end loop;
    return v_source;
end
$$;
comment on function engagement.next_source(text[]) is
    'Internal: the next source with rows in recalculation_key, other than the given ones; NULL: '
    'none.';
