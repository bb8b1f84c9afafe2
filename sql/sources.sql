-- The package's own activity sources. Applied after a host adapter, because what a source earns for
-- a person's employer is asked of the host.
call engagement.register_source(
    p_source => 'social_score',
    p_engagement_type => 'SOCIAL_COMMUNITY',
    p_effective_when => null,
    p_view => 'engagement.social_activity');

call engagement.register_source(
    p_source => 'adjustment',
    p_engagement_type => 'ADJUSTMENT',
    p_effective_when => null,
    p_view => 'engagement.adjustment_activity');

call engagement.register_source(
    p_source => 'category_adjustment',
    p_engagement_type => 'CATEGORY_ADJUSTMENT',
    p_effective_when => null,
    p_view => 'engagement.category_adjustment_activity');

call engagement.attach_triggers(
    p_source => 'social_score',
    p_table => 'engagement.social_score',
    p_key_column => 'source_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'adjustment',
    p_table => 'engagement.score_adjustment',
    p_key_column => 'source_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'category_adjustment',
    p_table => 'engagement.score_adjustment',
    p_key_column => 'source_id',
    p_activity_column => 'source_id');
