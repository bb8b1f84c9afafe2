-- One order as an object-relational mapper writes it: its header, then each line by itself.
\set customer random(1, :customers)
\set product_a random(1, 500)
\set product_b random(1, 500)
begin;
insert into crm.sales_order (ordered_at, bill_customer_id) values (now(), :customer) returning order_id \gset
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount) values (:order_id, :customer, 'P' || :product_a, 1, 40);
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount) values (:order_id, :customer, 'P' || :product_b, 2, 75);
commit;
