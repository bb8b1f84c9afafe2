-- Variant of the data: a thousand rules. Those added are for products that nobody buys, so that a
-- line earns as many awards as before.
insert into crm.product (product_id, product_class, display_name)
select 'P' || n * 25, 'CLASS_' || n % 10, 'Product ' || n * 25
from generate_series(21, 990) as n;

insert into bench.rule (rule_code, category_code, subject_id, flat_score)
select 'PRODUCT_' || n, 'INVOLVEMENT', 'P' || n * 25, 5
from generate_series(21, 990) as n;
