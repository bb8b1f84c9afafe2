insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
values (%(order)s, %(customer)s, 'P1', 1, 40)
