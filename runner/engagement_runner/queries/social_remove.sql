-- Nothing to return: raises EG012 for an unknown score.
select engagement.remove_social_score(
    p_customer_id => engagement.customer_key(%(customer)s::text),
    p_social_type => %(social_type)s,
    p_social_subtype => %(social_subtype)s,
    p_source_system => %(system)s)
