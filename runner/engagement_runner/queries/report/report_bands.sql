-- Active customers of a type by band, in the order in which bands are given: the highest first, and
-- those with none last.
select row_to_json(d)::text
from (
    select
        coalesce(nullif(b.label, ''), b.band_code, 'No band') as band,
        b.from_score,
        b.from_percentile,
        coalesce(s.customer_count, 0) as customer_count,
        round(
            coalesce(s.customer_count, 0) / nullif(sum(s.customer_count) over (), 0), 3
        ) as share,
        s.lowest_score,
        s.highest_score
    from (
        select * from engagement.score_band
        where category_code is not distinct from %(category)s
    ) as b
    full join (
        select
            c.band_code,
            count(*) as customer_count,
            min(c.score) as lowest_score,
            max(c.score) as highest_score
        from engagement.standing(%(category)s) as c
        where c.ranked_type = %(customer_type)s
        group by c.band_code
    ) as s on b.band_code = s.band_code
    order by
        b.from_percentile desc nulls last, b.from_score desc nulls last, s.band_code nulls last
) as d
