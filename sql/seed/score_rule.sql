-- The two rules that the package's own sources need. SOCIAL_SCORE: its amount_score is the
-- multiplier of social community scores; 0 or less switches them off.
select engagement.add_rule(
    p_rule_code => v.rule_code, p_category_code => v.category_code,
    p_engagement_type => v.engagement_type, p_amount_score => 1, p_description => v.description)
from (
    values
    ('ADJUSTMENT', 'ADJUSTMENT', 'ADJUSTMENT', 'Adjusted by staff'),
    ('SOCIAL_SCORE', 'SOCIAL_COMMUNITY', 'SOCIAL_COMMUNITY', 'Active in the online community')
) v (rule_code, category_code, engagement_type, description)
where (select count(*) from engagement.score_rule r where r.rule_code = v.rule_code) = 0;
