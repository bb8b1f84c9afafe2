-- Rules by category: the versions that award, or with all_versions every version.
select row_to_json(r)::text
from (
    select
        r.rule_code, r.version, r.category_code, c.category_name, r.engagement_type,
        r.effective_when, r.subject_id, r.subject_class, r.flat_score, r.quantity_score,
        r.amount_score, r.valid_for_weeks, r.applies_from, r.applies_until, r.is_active,
        r.description, r.cap_points, r.cap_period, r.half_life_weeks, r.inactivity_steps
    from engagement.score_rule as r
    join engagement.category as c using (category_code)
    where
        %(all_versions)s
        or (r.is_active and (r.applies_until is null or r.applies_until > clock_timestamp()))
    order by c.sort_order, r.category_code, r.rule_code, r.version
) as r
