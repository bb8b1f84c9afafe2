-- Adds or changes a social community score. Fields that are NULL stay as they are. Fields named in
-- cleared become NULL.
select row_to_json(s)::text
from engagement.set_social_score(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_social_type => %(social_type)s,
    p_social_subtype => %(social_subtype)s,
    p_source_system => %(system)s,
    p_changes => jsonb_strip_nulls(jsonb_build_object(
        'score', %(score)s::text,
        'description', %(description)s::text,
        'comments', %(comments)s::text,
        'scored_at', %(scored_at)s::text,
        'ends_at', %(ends_at)s::text))
    || (
        select coalesce(jsonb_object_agg(c.key, null::text), '{}')
        from unnest(%(cleared)s::text[]) as c (key)
    ),
    p_is_new => %(is_new)s) as s
