-- Internal. Verifies the stored columns that are not sums: the instant, the percentile, the band,
-- and when the score changed. The last run keeps the thresholds of its percentiles, and refreshes
-- use them; so each percentile must be the one of its score by these thresholds. Ranks are not
-- compared in these cases:
--   a run is under way;
--   a refresh wrote the row during the last run, or up to a minute after it (it may have used the
--   old thresholds, and its commit may take a minute);
--   the bands have changed since the last run began (percentiles are compared all the same).
-- changed_at, raised_at and previous_score are stored nowhere else, so only contradictions in them
-- can be found.
-- Reads: customer_score, score_percentile, score_band, recalculation_run, setup_change.
create or replace function engagement.verify_ranks(
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns setof engagement.verify_difference
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
as $$
declare
    v_last engagement.recalculation_run;
begin
    return query
    select 'instant of the score impossible', s.customer_id, null::text, null::engagement.host_key,
           null::integer, null::text, s.calculated_at::text
    from engagement.customer_score s
    where engagement.is_in_part(s.customer_id, p_from, p_to, p_sample, p_seed)
          and not engagement.is_instant(s.calculated_at);
    return query
    select 'score history differs', s.customer_id, null::text, null::engagement.host_key,
           null::integer, row(m.previous_score, m.changed_at, m.raised_at)::text,
           row(s.previous_score, s.changed_at, s.raised_at)::text
    from engagement.customer_score s
    cross join lateral engagement.score_history(
        s.score, s.previous_score, s.changed_at, s.raised_at, s.calculated_at) m
    where engagement.is_in_part(s.customer_id, p_from, p_to, p_sample, p_seed)
          and (m.previous_score, m.changed_at, m.raised_at)
              is distinct from (s.previous_score, s.changed_at, s.raised_at);

    select * into v_last
    from engagement.recalculation_run r
    where r.run_status = 'COMPLETED'
    order by r.finished_at desc, r.run_id desc
    limit 1;
    return query
    with scale as materialized (
        select engagement.band_scale() as bands, exists (
            select from engagement.setup_change c
            where c.object_type = 'BAND' and c.changed_at >= v_last.started_at
                  and c.old_value - 'label' is distinct from c.new_value - 'label'
        ) as is_new
    ),
    threshold as materialized (
        select p.customer_type,
               array_agg(p.from_score order by p.percentile) as from_scores,
               array_agg(p.percentile order by p.percentile) as percentiles
        from engagement.score_percentile p
        group by p.customer_type
    )
    select 'rank differs', s.customer_id, null::text, null::engagement.host_key, null::integer,
           row(s.wanted_percentile, s.wanted_band)::text,
           row(s.percentile, s.band_code)::text
    from (
        select k.customer_id, k.percentile, k.band_code, w.percentile as wanted_percentile,
               case when c.is_new or v_last.started_at is null then k.band_code
                    else engagement.band_of(c.bands, k.score, w.percentile)
               end as wanted_band
        from engagement.all_scores() k
        cross join scale c
        left join threshold t on t.customer_type = k.ranked_type
        cross join lateral (
            select case when t.customer_type is not null then coalesce(
                t.percentiles[width_bucket(k.score, t.from_scores)], 0) end as percentile
            offset 0
        ) w
        where engagement.is_in_part(k.customer_id, p_from, p_to, p_sample, p_seed)
              and (v_last.started_at is null or k.calculated_at <= v_last.started_at
                   or k.calculated_at > v_last.finished_at + interval '1 minute')
    ) s
    where (s.percentile, s.band_code) is distinct from (s.wanted_percentile, s.wanted_band)
          and not exists (select from engagement.recalculation_run r
                          where r.run_status = 'RUNNING'
                                or r.finished_at > v_last.finished_at);
end
$$;
comment on function engagement.verify_ranks(
    engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: scores with an impossible instant, with a percentile or band that differs from the '
    'last run''s thresholds and the bands, or with a history that contradicts itself, for the '
    'customers that is_in_part selects.';
