-- Internal. Compares and repairs the awards of some customers over all sources, after a change of
-- their employment or on a refresh. A source whose view is gone is passed over; the next run
-- reports it.
-- Reads: activity_source. Writes: award, scoring_failure through sync_awards__SOURCE.
create or replace function engagement.award_customers(p_keys text[], p_at timestamptz)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_counts bigint[];
    v_changed_count bigint := 0;
begin
    for v_source in
        select s.source from engagement.activity_source s
        where s.detached_at is null and to_regclass(s.view_name) is not null
        order by s.source
    loop
        execute format('select engagement.%I($1, $2, $3)', 'sync_awards__' || v_source)
            into v_counts
            using case when p_keys is not null then 'customer_id' end, p_keys, p_at;
        v_changed_count := v_changed_count + v_counts[1] + v_counts[2];
    end loop;
    return v_changed_count;
end
$$;
comment on function engagement.award_customers(text[], timestamptz) is
    'Internal: re-derives all activities of these customers (keys as text; NULL: of everybody), '
    'recorded at p_at. Returns the number of awards made and voided.';
