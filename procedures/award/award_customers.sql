-- Internal. Compares and mends the awards of given customers over all sources: when their
-- employment changed, or on a refresh. A source whose view is gone is left to the runs, which say
-- so.
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
    'Internal: re-derives all activities of the given customers (keys as text; '
    'NULL: of everybody), recorded at p_at. '
    'Returns the number of awards made and voided.';
