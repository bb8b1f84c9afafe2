-- A revision as a JSON object: the rule's code with its changes. Fields that are NULL are left out.
-- Fields named in cleared become null.
select
    jsonb_build_object(
        %(rule_code)s::text,
        jsonb_strip_nulls(jsonb_build_object(
            'category_code', %(category_code)s::text,
            'engagement_type', %(engagement_type)s::text,
            'effective_when', %(effective_when)s::text,
            'subject_id', %(subject_id)s::text,
            'subject_class', %(subject_class)s::text,
            'flat_score', %(flat_score)s::numeric,
            'quantity_score', %(quantity_score)s::numeric,
            'amount_score', %(amount_score)s::numeric,
            'valid_for_weeks', %(valid_for_weeks)s::integer,
            'description', %(description)s::text,
            'applies_from', %(applies_from)s::timestamptz,
            'applies_until', %(applies_until)s::timestamptz,
            'cap_points', %(cap_points)s::numeric,
            'cap_period', %(cap_period)s::text,
            'half_life_weeks', %(half_life_weeks)s::integer,
            'inactivity_steps', %(inactivity_steps)s::integer []))
        || (
            select coalesce(jsonb_object_agg(c.key, null::text), '{}')
            from unnest(%(cleared)s::text[]) as c (key)
        )
    )::text
