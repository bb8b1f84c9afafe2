-- DuckDB's dialect.
copy (
    from read_csv('{folder}/sales_order.csv', header = false, columns = {
        'order_id': 'BIGINT', 'order_status': 'VARCHAR', 'ordered_at': 'TIMESTAMP'
    })
) to '{folder}/sales_order.parquet' (format parquet);
