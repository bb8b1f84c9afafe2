-- Active customers of a type by band, the highest first.
select row_to_json(d)::text
from (
    select
        coalesce(nullif(b.label, ''), s.band_code, 'No band') as band,
        b.from_score,
        b.from_percentile,
        count(*) as customer_count,
        round(count(*) / sum(count(*)) over (), 3) as share,
        min(s.score) as lowest_score,
        max(s.score) as highest_score
    from engagement.customer_score as s
    left join engagement.score_band as b on s.band_code = b.band_code
    where s.ranked_type = %(customer_type)s
    group by s.band_code, b.band_code, b.label, b.from_score, b.from_percentile
    order by s.band_code is null, max(s.score) desc, s.band_code
) as d
