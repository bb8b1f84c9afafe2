-- Internal. What a trigger does in the place of sync_awards while the host's statement_timeout
-- runs: it brings one activity up to date, looks at the clock, and goes on with more of them while
-- there is time. How long an activity takes is the host's affair: its view may be slow. The trigger
-- has queued all keys before, so the next run does the rest. What is written by then stays, because
-- each activity is right by itself.
-- Reads: activity_source; the views and the ledger through activities_of_keys__SOURCE.
-- Writes: award, scoring_failure through sync_awards__SOURCE; the setting engagement.time_used.
create or replace function engagement.sync_in_time(
    p_source text, p_activity_column text, p_keys text[], p_is_new boolean, p_limit integer
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_source text;
    v_ids text[];
    v_found_ids text[] := '{}';
    v_found_sources text[] := '{}';
    v_first integer := 1;
    v_size integer := 1;
    v_left integer;
    v_began_at timestamptz := clock_timestamp();
begin
    for v_source in
        select s.source
        from engagement.activity_source s
        where s.detached_at is null
              and (s.source = p_source
                   or p_source = 'employment' and to_regclass(s.view_name) is not null)
        order by s.source
    loop
        execute format('select engagement.%I($1, $2, $3)::text[]',
                       'activities_of_keys__' || v_source)
            into v_ids using p_activity_column, p_keys, p_limit;
        v_found_ids := v_found_ids || v_ids;
        if v_ids is null or cardinality(v_found_ids) > p_limit then
            return engagement.allowance(v_began_at);
        end if;
        v_found_sources := v_found_sources
                           || array_fill(v_source, array[cardinality(v_ids)]);
    end loop;
    while v_first <= cardinality(v_found_ids) loop
        for v_source, v_ids in
            select f.source, array_agg(f.id)
            from unnest(v_found_sources[v_first : v_first + v_size - 1],
                        v_found_ids[v_first : v_first + v_size - 1]) f (source, id)
            group by f.source
        loop
            execute format('select engagement.%I($1, $2, $3, $4)', 'sync_awards__' || v_source)
                using 'source_id', v_ids, clock_timestamp(),
                      p_is_new and p_activity_column = 'source_id';
        end loop;
        v_left := engagement.allowance(v_began_at);
        exit when v_left = 0;
        v_began_at := clock_timestamp();
        v_first := v_first + v_size;
        v_size := least(2 * v_size, 10);
    end loop;
    return v_left;
end
$$;
comment on function engagement.sync_in_time(text, text, text[], boolean, integer) is
    'Internal: brings the awards of the activities with these keys up to date while there is time, '
    'if they are no more than p_limit. Returns the allowance left.';
