-- Internal. Finds the percentile and band of some customers in the categories that are ranked, by
-- the thresholds of the last run. Their rows are the caller's: it has just written them.
-- Reads: customer_score, category_score, category_percentile, score_band. Writes: category_score.
create or replace function engagement.rank_parts(p_customer_ids engagement.host_key[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_ranked text[];
    v_ids text[];
    v_codes text[];
    v_percentiles integer[];
    v_bands text[];
begin
    if not exists (select from engagement.category_percentile)
       and not exists (select from engagement.score_band b where b.category_code is not null)
    then
        return;  -- no category is ranked
    end if;
    v_ranked := engagement.ranked_categories();
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
    select array_agg(r.customer_id::text), array_agg(r.category_code),
           array_agg(case when r.has_points then r.percentile end),
           array_agg(case when r.has_points
                          then engagement.band_of(r.bands, r.score, r.percentile) end)
    into v_ids, v_codes, v_percentiles, v_bands
    from (
        select p.customer_id, p.category_code, p.score + p.employee_score as score, s.bands,
               (p.score, p.ytd_score, p.overview_score, p.employee_score)
               is distinct from (0, 0, 0, 0) as has_points,
               case when t.customer_type is not null then coalesce(
                   t.percentiles[width_bucket(p.score + p.employee_score, t.from_scores)], 0) end
                   as percentile
        from engagement.stored_parts(p_customer_ids) p
        inner join scale s on s.code = p.category_code
        left join engagement.stored_scores(p_customer_ids) k on k.customer_id = p.customer_id
        left join threshold t
            on t.category_code = p.category_code and t.customer_type = k.ranked_type
    ) r;
    update engagement.category_score p
    set percentile = r.percentile, band_code = r.band_code
    from unnest(v_ids, v_codes, v_percentiles, v_bands)
        r (customer_id, category_code, percentile, band_code)
    where p.customer_id = r.customer_id::engagement.host_key
          and p.customer_id = any (p_customer_ids) and p.category_code = r.category_code
          and (p.percentile, p.band_code) is distinct from (r.percentile, r.band_code);
end
$$;
comment on function engagement.rank_parts(engagement.host_key[]) is
    'Internal: ranks these customers in categories by the thresholds of the last run.';
