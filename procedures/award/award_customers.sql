-- Internal. Compares and repairs the awards of some customers over all sources, after a change of
-- their employment or on a refresh. A source whose view is gone is passed over; the next run
-- reports it. A trigger gives a limit, which holds for all sources together.
-- Reads: activity_source, score_rule; the views and the ledger through activities_of_keys__SOURCE.
-- Writes: award, scoring_failure through sync_awards__SOURCE.
create or replace function engagement.award_customers(
    p_keys text[], p_at timestamptz, p_limit integer default null
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_sources constant text[] := array(
        select s.source from engagement.activity_source s
        where s.detached_at is null and to_regclass(s.view_name) is not null
              -- The first adjustment of a category makes the first rule for them.
              and (s.source <> 'category_adjustment'
                   or exists (select from engagement.score_rule r
                              where r.engagement_type = s.engagement_type))
        order by s.source
    );
    v_ids engagement.host_key[];
    v_found_count integer := 0;
    v_counts bigint[];
    v_changed_count bigint := 0;
begin
    if p_limit is not null then
        foreach v_source in array v_sources loop
            execute format('select engagement.%I($1, $2, $3)', 'activities_of_keys__' || v_source)
                into v_ids using 'customer_id', p_keys, p_limit;
            v_found_count := v_found_count + cardinality(v_ids);
            if v_ids is null or v_found_count > p_limit then
                return null;
            end if;
        end loop;
    end if;
    foreach v_source in array v_sources loop
        execute format('select engagement.%I($1, $2, $3)', 'sync_awards__' || v_source)
            into v_counts
            using case when p_keys is not null then 'customer_id' end, p_keys, p_at;
        v_changed_count := v_changed_count + v_counts[1] + v_counts[2];
    end loop;
    return v_changed_count;
end
$$;
comment on function engagement.award_customers(text[], timestamptz, integer) is
    'Internal: re-derives all activities of these customers (keys as text; NULL: of everybody), '
    'recorded at p_at. p_limit: nothing is done if there are more. Returns the number of awards '
    'made and voided; NULL: nothing was done.';
