-- Internal. Finds the percentile and band of some customers, by the thresholds of the last run.
-- Their rows are the caller's: it has just written them. Scores and the host's customers are read
-- by a statement each, because a cluster cannot join the two. Sequential scans are off, because a
-- plan may have been made when the tables were empty.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, score_percentile, score_band, engagement_host.customer, category_score.
-- Writes: customer_score, category_score, score_event.
create or replace function engagement.rank_customers(p_customer_ids engagement.host_key[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_seqscan = off
set jit = off
as $$
declare
    v_scale engagement.band_scale := engagement.band_scale();
    v_ids engagement.host_key[];
    v_scores numeric[];
    v_at timestamptz;
    v_types text[];
    v_percentiles integer[];
    v_bands text[];
begin
    select array_agg(s.customer_id), array_agg(s.score), max(s.calculated_at)
    into v_ids, v_scores, v_at
    from engagement.customer_score s
    where s.customer_id = any (p_customer_ids);
    with threshold as materialized (
        select t.customer_type,
               array_agg(t.from_score order by t.percentile) as from_scores,
               array_agg(t.percentile order by t.percentile) as percentiles
        from engagement.score_percentile t
        group by t.customer_type
    )
    select array_agg(r.ranked_type order by r.position),
           array_agg(r.percentile order by r.position),
           array_agg(engagement.band_of(v_scale, r.score, r.percentile) order by r.position)
    into v_types, v_percentiles, v_bands
    from (
        select k.position, k.score, c.ranked_type,
               -- A score below every threshold has percentile 0. NULL: nobody of the type was
               -- ranked.
               case when t.customer_type is not null then coalesce(
                   t.percentiles[width_bucket(k.score, t.from_scores)], 0) end as percentile
        from unnest(v_ids, v_scores) with ordinality k (id, score, position)
        left join lateral (
            select c.customer_type::text as ranked_type
            from engagement_host.customer c
            where c.customer_id = k.id and c.is_active
            limit 1
        ) c on true
        left join threshold t on t.customer_type = c.ranked_type
    ) r;
    update engagement.customer_score s
    set percentile = r.percentile, band_code = r.band_code, ranked_type = r.ranked_type
    from unnest(v_ids::text[], v_types, v_percentiles, v_bands)
        r (customer_id, ranked_type, percentile, band_code)
    where s.customer_id = r.customer_id::engagement.host_key
          and s.customer_id = any (p_customer_ids)
          and (s.percentile, s.band_code, s.ranked_type)
              is distinct from (r.percentile, r.band_code, r.ranked_type);
    perform engagement.rank_parts(p_customer_ids);
    perform engagement.announce_bands(
        p_as_of => v_at, p_customer_ids => p_customer_ids, p_is_run => false);
end
$$;
comment on function engagement.rank_customers(engagement.host_key[]) is
    'Internal: ranks these customers by the thresholds of the last run.';
