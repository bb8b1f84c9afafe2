-- The limit for the weekly job: the same sums by one parallel CREATE TABLE AS, and nothing kept.
-- Which rules apply to which product is worked out first, so that the big join is by equality.
create table bench.total as
with product_rule as (
    select
        p.product_id, r.flat_score, r.quantity_score, r.amount_score,
        make_interval(weeks => r.valid_for_weeks) as valid_for
    from crm.product as p
    join engagement.score_rule as r
        on (r.subject_id is null or r.subject_id = p.product_id)
        and (r.subject_class is null or r.subject_class = p.product_class)
    where r.engagement_type = 'PRODUCT_PURCHASE' and r.effective_when = 'ORDER_CREATION'
)

select
    l.ship_customer_id as customer_id,
    coalesce(sum(round(
        r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
        + r.amount_score * l.amount, 2
    )) filter (
        where o.ordered_at <= c.as_of
        and (r.valid_for is null or o.ordered_at + r.valid_for > c.as_of)
    ), 0) as score,
    coalesce(sum(round(
        r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
        + r.amount_score * l.amount, 2
    )) filter (where o.ordered_at >= date_trunc('year', c.as_of)), 0) as ytd_score
from crm.order_line as l
join crm.sales_order as o on o.order_id = l.order_id
join product_rule as r on r.product_id = l.product_id
cross join (select current_setting('bench.until')::timestamptz as as_of) as c
where l.line_status = 'ACTIVE' and o.order_status = 'PLACED'
group by l.ship_customer_id;
