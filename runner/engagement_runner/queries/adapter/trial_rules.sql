-- What each rule in force made, the most points first. Of the rules that the package needs itself,
-- only those that made something.
select row_to_json(t)::text
from (
    select
        r.rule_code,
        r.description,
        r.category_code,
        coalesce(a.award_count, 0) as award_count,
        coalesce(a.customer_count, 0) as customer_count,
        coalesce(p.counting_points, 0) as points,
        case
            when a.award_count > 0 then null
            when not exists (
                select
                from engagement.activity_source as s
                where
                    s.engagement_type = r.engagement_type
                    and s.effective_when is not distinct from r.effective_when
            )
                then 'no view holds ' || concat_ws(', ', r.engagement_type, r.effective_when)
            else 'matched no ' || concat_ws(
                ', ', r.engagement_type, r.effective_when, r.subject_id, r.subject_class
            )
        end as remark
    from (
        select distinct on (v.rule_code) v.*
        from engagement.score_rule as v
        where v.is_active
        order by v.rule_code, v.version desc
    ) as r
    left join (
        select
            v.rule_code,
            count(*) as award_count,
            count(distinct w.customer_id::text) as customer_count
        from engagement.award as w
        join engagement.score_rule as v on v.rule_id = w.rule_id
        where w.voided_at is null
        group by v.rule_code
    ) as a on a.rule_code = r.rule_code
    left join engagement.points_by('RULE') as p on p.dimension_key = r.rule_code
    where a.award_count > 0 or r.rule_code <> all(%(seeded)s::text[])
    order by coalesce(p.counting_points, 0) desc, r.rule_code
) as t
