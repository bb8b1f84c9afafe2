-- DuckDB's dialect: what PostgreSQL has exported becomes Parquet.
copy (
    from read_csv('{folder}/order_line.csv', header = false, columns = {
        'order_id': 'BIGINT', 'ship_customer_id': 'BIGINT', 'product_id': 'VARCHAR',
        'quantity': 'DECIMAL(9, 2)', 'amount': 'DECIMAL(9, 2)', 'line_status': 'VARCHAR'
    })
) to '{folder}/order_line.parquet' (format parquet);
