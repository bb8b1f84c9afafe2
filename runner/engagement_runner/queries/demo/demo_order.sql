with placed as (
    insert into crm.sales_order (order_status, ordered_at)
    values ('PLACED', now())
    returning order_id
)
insert into crm.order_line
    (order_id, ship_customer_id, product_id, quantity, amount)
select order_id, %(customer)s, 'HANDBOOK', 2, 130 from placed
