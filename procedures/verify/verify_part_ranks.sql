-- Internal. Verifies percentiles and bands in categories, see verify_ranks: by the thresholds that
-- the last run has kept.
-- Reads: customer_score, category_score, category_percentile, score_band, recalculation_run,
-- setup_change.
create or replace function engagement.verify_part_ranks(
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns setof engagement.verify_difference
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
as $$
declare
    v_ranked constant text[] := engagement.ranked_categories();
    v_last engagement.recalculation_run;
begin
    select * into v_last
    from engagement.recalculation_run r
    where r.run_status = 'COMPLETED'
    order by r.finished_at desc, r.run_id desc
    limit 1;
    -- Until a run has ranked by the settings of now, nothing can differ.
    if v_last.run_id is null or v_last.run_mode = 'ROLL_UP'
       or exists (select from engagement.recalculation_run r where r.run_status = 'RUNNING')
       or exists (
           select from engagement.setup_change c
           where c.object_type in ('BAND', 'CATEGORY') and c.changed_at >= v_last.started_at)
    then
        return;
    end if;
    return query
    with threshold as materialized (
        select t.category_code, t.customer_type,
               array_agg(t.from_score order by t.percentile) as from_scores,
               array_agg(t.percentile order by t.percentile) as percentiles
        from engagement.category_percentile t
        group by t.category_code, t.customer_type
    ),
    scale as materialized (
        select c.code, engagement.band_scale(c.code) as bands from unnest(v_ranked) c (code)
    )
    select 'category rank differs', r.customer_id, r.category_code, null::engagement.host_key,
           null::integer, row(r.wanted_percentile, r.wanted_band)::text,
           row(r.percentile, r.band_code)::text
    from (
        select p.customer_id, p.category_code, p.percentile, p.band_code,
               w.percentile as wanted_percentile,
               case when s.code is not null and h.has_points
                    then engagement.band_of(s.bands, p.score + p.employee_score, w.percentile)
               end as wanted_band
        from engagement.stored_parts() p
        inner join engagement.all_scores() k on k.customer_id = p.customer_id
        left join scale s on s.code = p.category_code
        left join threshold t
            on t.category_code = p.category_code and t.customer_type = k.ranked_type
        cross join lateral (
            select (p.score, p.ytd_score, p.overview_score, p.employee_score)
                   is distinct from (0, 0, 0, 0) as has_points
        ) h
        cross join lateral (
            select case when h.has_points and t.customer_type is not null then coalesce(
                t.percentiles[width_bucket(p.score + p.employee_score, t.from_scores)], 0) end
                as percentile
            offset 0
        ) w
        where engagement.is_in_part(k.customer_id, p_from, p_to, p_sample, p_seed)
              and (k.calculated_at <= v_last.started_at
                   or k.calculated_at > v_last.finished_at + interval '1 minute')
    ) r
    where (r.percentile, r.band_code) is distinct from (r.wanted_percentile, r.wanted_band);
end
$$;
comment on function engagement.verify_part_ranks(
    engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: rows of category_score with a percentile or band that differs from the last run''s '
    'thresholds and the bands, for the customers that is_in_part selects.';
