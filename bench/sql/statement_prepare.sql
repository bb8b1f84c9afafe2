-- Headers of 50,000 new orders (fewer in a database smaller than that), and their lines set ready
-- outside of the host's tables.
drop table if exists bench.new_line;

insert into crm.sales_order (ordered_at, bill_customer_id)
select now(), 1 + bench.spread(n, 2654435761, bench.setting('lines') / 13)
from generate_series(1, least(50000, bench.setting('lines') / 2)) as n;

create table bench.new_line as
select o.order_id, o.bill_customer_id as ship_customer_id, 'P' || 1 + n % 500 as product_id
from (
    select *
    from crm.sales_order
    order by order_id desc
    limit least(50000, bench.setting('lines') / 2)
) as o
cross join generate_series(1, 2) as n;

analyze bench.new_line;
