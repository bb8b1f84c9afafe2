-- Compares and mends the awards of given customers over all sources: when their employment changed, or on a refresh.
-- Reads: activity_source. Writes: award, scoring_failure through award__SOURCE.
create or replace function engagement.award_customers(p_keys text[], p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
begin
    for v_source in
        select s.source from engagement.activity_source s where s.detached_at is null order by s.source
    loop
        execute format('select engagement.%I($1, $2, $3)', 'award__' || v_source)
            using 'customer_id', p_keys, p_at;
    end loop;
end
$$;
comment on function engagement.award_customers(text[], timestamptz) is
    'Internal: re-derives all activities of the given customers (keys as text), recorded at p_at.';
