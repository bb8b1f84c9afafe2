-- Id of a new rule; what is not given is NULL.
select engagement.add_rule(
    p_rule_code => %(rule_code)s,
    p_category_code => %(category_code)s,
    p_engagement_type => %(engagement_type)s,
    p_effective_when => %(effective_when)s,
    p_subject_id => %(subject_id)s,
    p_subject_class => %(subject_class)s,
    p_flat_score => %(flat_score)s::numeric,
    p_quantity_score => %(quantity_score)s::numeric,
    p_amount_score => %(amount_score)s::numeric,
    p_valid_for_weeks => %(valid_for_weeks)s::integer,
    p_description => %(description)s,
    p_applies_from => %(applies_from)s::timestamptz,
    p_applies_until => %(applies_until)s::timestamptz,
    p_cap_points => %(cap_points)s::numeric,
    p_cap_period => %(cap_period)s,
    p_half_life_weeks => %(half_life_weeks)s::integer)
