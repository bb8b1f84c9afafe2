-- The rules of the benchmark, added as staff add them.
select engagement.add_rule(
    p_rule_code => rule_code,
    p_category_code => category_code,
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_id => subject_id,
    p_subject_class => subject_class,
    p_flat_score => flat_score,
    p_quantity_score => quantity_score,
    p_amount_score => amount_score,
    p_valid_for_weeks => valid_for_weeks)
from bench.rule;
