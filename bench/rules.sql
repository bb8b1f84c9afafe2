-- Rules of the benchmark: each class of products has one, twenty products one more.

select engagement.add_rule(
    p_rule_code => 'CLASS_' || n,
    p_category_code => 'PURCHASES_DONATIONS',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_class => 'CLASS_' || n,
    p_quantity_score => n + 1,
    p_amount_score => 0.1,
    p_valid_for_weeks => case n % 3 when 0 then 52 when 1 then 104 end)
from generate_series(0, 9) as n;

select engagement.add_rule(
    p_rule_code => 'PRODUCT_' || n,
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_id => 'P' || n * 25,
    p_flat_score => 5)
from generate_series(1, 20) as n;
