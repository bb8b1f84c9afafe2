-- Internal. The percentiles and bands that some scores would have.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: score_band, engagement_host.customer.
create or replace function engagement.ranking(
    p_customer_ids engagement.host_key[], p_scores numeric[], p_category_code text default null
)
returns table (
    customer_id engagement.host_key,
    score numeric,
    ranked_type text,
    percentile integer,
    band_code text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    v_scale engagement.band_scale := engagement.band_scale(p_category_code);
begin
    return query
    select n.customer_id, n.score, n.ranked_type, n.percentile,
           engagement.band_of(v_scale, n.score, n.percentile)
    from (
        select k.customer_id, k.score, c.customer_type::text as ranked_type,
               case when c.customer_type is not null then engagement.percentile_of(
                   rank() over (partition by c.customer_type order by k.score) - 1,
                   count(*) over (partition by c.customer_type, k.score),
                   count(*) over (partition by c.customer_type))
               end as percentile
        from unnest(p_customer_ids, p_scores) k (customer_id, score)
        left join engagement_host.customer c
            on c.customer_id = k.customer_id and c.is_active
    ) n;
end
$$;
comment on function engagement.ranking(engagement.host_key[], numeric[], text) is
    'Internal: ranks customers by these scores: the percentile among the active customers of their '
    'type, and the band of the total or of a category.';
