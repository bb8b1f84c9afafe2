-- Active customers of a type by score and band, the lowest scores first, of bands the highest first.
select row_to_json(d)::text
from (
    select
        s.above,
        s.up_to,
        coalesce(nullif(b.label, ''), s.band_code, 'No band') as band,
        s.customer_count
    from engagement.score_distribution(
        %(customer_type)s, p_category_code => %(category)s
    ) as s
    left join engagement.score_band as b on s.band_code = b.band_code
    order by
        s.above nulls first, s.up_to nulls last, b.from_percentile desc nulls last,
        b.from_score desc nulls last, s.band_code
) as d
