-- DuckDB's dialect: the sums of bench.customer_sum over the Parquet files, into a table.
create or replace table total as
with product_rule as (
    select
        p.product_id, r.flat_score, r.quantity_score, r.amount_score,
        to_weeks(r.valid_for_weeks) as valid_for
    from '{folder}/product.parquet' as p
    join '{folder}/rule.parquet' as r
        on (r.subject_id is null or r.subject_id = p.product_id)
        and (r.subject_class is null or r.subject_class = p.product_class)
),

earned as (
    select
        l.ship_customer_id as customer_id,
        round(
            r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
            + r.amount_score * l.amount, 2
        ) as points,
        o.ordered_at,
        o.ordered_at + r.valid_for as expires_at
    from '{folder}/order_line.parquet' as l
    join '{folder}/sales_order.parquet' as o on o.order_id = l.order_id
    join product_rule as r on r.product_id = l.product_id
    where l.line_status = 'ACTIVE' and o.order_status = 'PLACED'
)

select
    customer_id,
    coalesce(sum(points) filter (
        where ordered_at <= $as_of and (expires_at is null or expires_at > $as_of)
    ), 0) as score,
    coalesce(sum(points) filter (
        where ordered_at >= date_trunc('year', $as_of) and ordered_at <= $as_of
    ), 0) as ytd_score
from earned
group by customer_id;
