-- Internal. The first source with activities in the work of the run. Sources that the run could not
-- read are passed over. Each source costs one probe of the primary key, because one that is passed
-- over may have millions of activities.
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
    'Internal: the next source with rows in recalculation_key, except the given sources; NULL: '
    'none.';
