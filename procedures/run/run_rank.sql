-- Internal. Phase RANK: finds everybody's percentile and band in one pass over the present scores.
-- It writes the thresholds that refreshes use until the next run. Changed ranks become work and are
-- written in batches, so that no session waits for all of them. If the host's customers cannot be
-- read, ranks stay as they are.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, score_band, engagement_host.customer.
-- Writes: recalculation_rank, score_percentile, scoring_failure.
create or replace function engagement.run_rank(p_run engagement.recalculation_run)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_ranked constant text[] := engagement.ranked_categories();
    v_category text;
begin
    delete from engagement.recalculation_rank;
    begin
        with ranking as materialized (
            select n.customer_id, n.score, n.ranked_type, n.percentile, n.band_code,
                   n.band_code is distinct from n.announced_band as is_crossing,
                   (n.percentile, n.band_code, n.ranked_type, n.band_code)
                   is distinct from (n.old_percentile, n.old_band_code, n.old_type,
                                     n.announced_band) as is_changed
            from (
                select n.*, engagement.band_of(b.scale, n.score, n.percentile) as band_code
                from (
                    select k.customer_id, k.score, c.customer_type as ranked_type,
                           case when c.customer_type is not null then engagement.percentile_of(
                               rank() over (partition by c.customer_type order by k.score) - 1,
                               count(*) over (partition by c.customer_type, k.score),
                               count(*) over (partition by c.customer_type))
                           end as percentile,
                           k.percentile as old_percentile, k.band_code as old_band_code,
                           k.ranked_type as old_type, k.announced_band
                    from engagement.all_scores() k
                    left join engagement_host.customer c
                        on c.customer_id = k.customer_id and c.is_active
                ) n
                cross join (select engagement.band_scale() as scale offset 0) b
            ) n
        ),
        threshold as materialized (
            select r.ranked_type as customer_type, r.percentile, min(r.score) as from_score
            from ranking r
            where r.ranked_type is not null
            group by r.ranked_type, r.percentile
        ),
        gone as (
            delete from engagement.score_percentile p
            where not exists (
                select from threshold t
                where t.customer_type = p.customer_type and t.percentile = p.percentile)
        ),
        kept as (
            insert into engagement.score_percentile (customer_type, percentile, from_score)
            select t.customer_type, t.percentile, t.from_score from threshold t
            on conflict (customer_type, percentile) do update
            set from_score = excluded.from_score
            where score_percentile.from_score <> excluded.from_score
        )
        insert into engagement.recalculation_rank (
            customer_id, score, percentile, band_code, ranked_type, is_crossing
        )
        select r.customer_id, r.score, r.percentile, r.band_code, r.ranked_type, r.is_crossing
        from ranking r
        where r.is_changed
        on conflict (customer_id, category_code) do nothing;
        foreach v_category in array v_ranked loop
            perform engagement.rank_category(v_category);
        end loop;
        perform engagement.unrank_categories(v_ranked);
    exception
        when connection_exception then
            raise;  -- see run_sources
        when others then
            perform engagement.skip_source(p_run, 'customer', sqlstate, sqlerrm);
    end;
    return false;
end
$$;
comment on function engagement.run_rank(engagement.recalculation_run) is
    'Internal: phase RANK of a run: finds the percentile and band of every customer, of the total '
    'and of the categories that are ranked.';
