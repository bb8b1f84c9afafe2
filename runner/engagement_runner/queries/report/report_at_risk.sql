-- Customers of a type who will fall out of their band if nothing happens, the largest fall first, and
-- how many. Without bands: everybody who will lose points.
select row_to_json(r)::text
from (
    select
        a.customer_id,
        a.display_name,
        a.score,
        a.future_score,
        a.fall,
        coalesce(nullif(b.label, ''), a.band_code) as band,
        coalesce(nullif(f.label, ''), a.future_band_code) as future_band,
        count(*) over () as total_count
    from engagement.at_risk(
        p_weeks => %(weeks)s, p_category_code => %(category)s
    ) as a
    join engagement.customer_score as s
        on a.customer_id = s.customer_id and s.ranked_type = %(customer_type)s
    left join engagement.score_band as b on a.band_code = b.band_code
    left join engagement.score_band as f on a.future_band_code = f.band_code
    order by a.fall desc, a.customer_id
    limit %(rows)s
) as r
