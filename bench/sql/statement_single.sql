-- One line by itself, so that a session has made its plans before the large statement comes.
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
select order_id, ship_customer_id, product_id, 1, 40
from bench.new_line
limit 1;
