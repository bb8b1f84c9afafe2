insert into crm.sales_order (ordered_at, bill_customer_id)
values (now(), %(customer)s)
returning order_id
