insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
select order_id, ship_customer_id, product_id, 2, 75
from bench.new_line;
