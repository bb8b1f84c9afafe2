-- Internal. Finds the percentile and band of every customer in a category, and keeps the thresholds
-- for refreshes until the next run. Changed ranks become work of the run. Who has no row has 0
-- points, and is counted among the others.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, category_score, score_band, engagement_host.customer.
-- Writes: recalculation_rank, category_percentile.
create or replace function engagement.rank_category(p_category_code text)
returns void
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
    v_scale engagement.band_scale := engagement.band_scale(p_category_code);
begin
    with ranking as materialized (
        -- A row that is left of a band that is to be told of has no points, and so no rank.
        select n.*, case when n.has_points then n.place end as percentile,
               case when n.has_points then engagement.band_of(v_scale, n.score, n.place) end
                   as band_code
        from (
            select k.customer_id, p.customer_id is not null as has_row,
                   (p.score, p.ytd_score, p.overview_score, p.employee_score)
                   is distinct from (0, 0, 0, 0) as has_points,
                   coalesce(p.score + p.employee_score, 0) as score,
                   c.customer_type as ranked_type, p.percentile as old_percentile,
                   p.band_code as old_band_code, p.announced_band,
                   case when c.customer_type is not null then engagement.percentile_of(
                       rank() over (partition by c.customer_type
                                    order by coalesce(p.score + p.employee_score, 0)) - 1,
                       count(*) over (partition by c.customer_type,
                                                   coalesce(p.score + p.employee_score, 0)),
                       count(*) over (partition by c.customer_type))
                   end as place
            from engagement.all_scores() k
            left join (
                select s.* from engagement.stored_parts() s
                where s.category_code = p_category_code
            ) p on p.customer_id = k.customer_id
            left join engagement_host.customer c on c.customer_id = k.customer_id and c.is_active
        ) n
    ),
    threshold as materialized (
        select r.ranked_type as customer_type, r.place as percentile, min(r.score) as from_score
        from ranking r
        where r.ranked_type is not null
        group by r.ranked_type, r.place
    ),
    gone as (
        delete from engagement.category_percentile p
        where p.category_code = p_category_code and not exists (
            select from threshold t
            where t.customer_type = p.customer_type and t.percentile = p.percentile)
    ),
    kept as (
        insert into engagement.category_percentile (
            category_code, customer_type, percentile, from_score
        )
        select p_category_code, t.customer_type, t.percentile, t.from_score from threshold t
        on conflict (category_code, customer_type, percentile) do update
        set from_score = excluded.from_score
        where category_percentile.from_score <> excluded.from_score
    )
    insert into engagement.recalculation_rank (
        customer_id, category_code, score, percentile, band_code, ranked_type, is_crossing
    )
    select r.customer_id, p_category_code, r.score, r.percentile, r.band_code, r.ranked_type,
           r.band_code is distinct from r.announced_band
    from ranking r
    where r.has_row
          and (r.percentile, r.band_code, r.band_code)
              is distinct from (r.old_percentile, r.old_band_code, r.announced_band)
    on conflict (customer_id, category_code) do nothing;
end
$$;
comment on function engagement.rank_category(text) is
    'Internal: part of the phase RANK of a run: percentile and band of every customer in a '
    'category.';
