update crm.sales_order
set employer_id = %(other_company)s
where order_id = %(order_id)s
