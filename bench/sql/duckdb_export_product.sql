copy (select product_id, product_class from crm.product) to stdout (format csv)
