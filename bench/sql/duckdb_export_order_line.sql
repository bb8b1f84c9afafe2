copy (
    select order_id, ship_customer_id, product_id, quantity, amount, line_status
    from crm.order_line
) to stdout (format csv)
