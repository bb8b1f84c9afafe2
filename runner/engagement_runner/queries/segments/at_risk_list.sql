-- Who is at risk: those who will leave their band first, people before companies, the largest fall
-- first.
select row_to_json(r)::text
from (
    select
        a.customer_id,
        a.display_name,
        a.score,
        a.future_score,
        a.fall,
        a.band_code,
        a.future_band_code,
        s.ranked_type as customer_type
    from engagement.at_risk(
        p_weeks => %(weeks)s, p_fall => %(fall)s, p_category_code => %(category_code)s
    ) as a
    join engagement.customer_score as s on a.customer_id = s.customer_id
    where %(customer_type)s::text is null or s.ranked_type = %(customer_type)s::text
    order by
        a.band_code is not distinct from a.future_band_code,
        s.ranked_type desc,
        a.fall desc,
        a.customer_id
) as r
