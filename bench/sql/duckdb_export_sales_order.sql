copy (
    select order_id, order_status, ordered_at at time zone 'UTC' from crm.sales_order
) to stdout (format csv)
