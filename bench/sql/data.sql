-- Data of the benchmark in the reference CRM, before anything of the package is there.
-- Settings: bench.lines, bench.until. About 13 lines per customer, two per order, three years,
-- in order of time; 500 products in 10 classes; three in five customers employed by one in a hundred.
-- Two customers more, numbers -100 and -10000, have as many lines as their number says.
-- Amounts are whole tenths, so that points need no rounding and each contender finds the same.

create schema bench;

create function bench.setting(p_name text) returns bigint
language sql stable as $$ select current_setting('bench.' || p_name)::bigint $$;

-- Spreads consecutive numbers evenly over 0 to p_range - 1.
create function bench.spread(p_number bigint, p_factor bigint, p_range bigint) returns bigint
language sql immutable parallel safe as $$
    select ((p_number * p_factor) % 4294967291) * p_range / 4294967291
$$;

insert into crm.customer (customer_id, customer_type, display_name)
select
    n,
    case when n % 100 = 0 then 'COMPANY' else 'INDIVIDUAL' end,
    'Customer ' || n
from generate_series(1, bench.setting('lines') / 13) as n
union all
values (-100, 'INDIVIDUAL', 'Customer of 100 lines'),
(-10000, 'INDIVIDUAL', 'Customer of 10,000 lines');

insert into crm.product (product_id, product_class, display_name)
select 'P' || n, 'CLASS_' || n % 10, 'Product ' || n
from generate_series(1, 500) as n;

insert into crm.employment (employee_id, employer_id, begin_on)
select
    n,
    100 * (1 + bench.spread(n, 2654435761, bench.setting('lines') / 1300)),
    (current_setting('bench.until')::timestamptz at time zone 'UTC')::date - 2000
from generate_series(1, bench.setting('lines') / 13) as n
where n % 100 <> 0 and n % 5 < 3;

select setval('crm.key_number', 10000000 + 4 * bench.setting('lines'));

insert into crm.sales_order (order_id, ordered_at, bill_customer_id)
select
    1000000 + n,
    current_setting('bench.until')::timestamptz
    - make_interval(secs => 94608000.0 * (1 - n / (bench.setting('lines') / 2.0))),
    1 + bench.spread(n, 2654435761, bench.setting('lines') / 13)
from generate_series(1, bench.setting('lines') / 2) as n;

insert into crm.order_line (
    order_line_id, order_id, ship_customer_id, product_id, quantity, amount
)
select
    1000000 + bench.setting('lines') + n,
    o.order_id,
    o.bill_customer_id,
    'P' || 1 + bench.spread(n, 2246822519, 500),
    1 + n % 3,
    5 + bench.spread(n, 3266489917, 2000) / 10.0
from generate_series(1, bench.setting('lines') / 2 * 2) as n
join crm.sales_order as o on o.order_id = 1000000 + (n + 1) / 2;

insert into crm.sales_order (order_id, ordered_at, bill_customer_id)
select
    n - c.customer_id * 1000000000::bigint,
    current_setting('bench.until')::timestamptz - make_interval(hours => n),
    c.customer_id
from (values (-100), (-10000)) as c (customer_id)
cross join generate_series(1, -c.customer_id) as n;

insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
select order_id, bill_customer_id, 'P' || 1 + order_id % 500, 1, 20
from crm.sales_order
where bill_customer_id < 0
order by order_id;

select setval('crm.key_number', 10 * bench.setting('lines') + 10000000);
