-- DuckDB's dialect.
copy (
    from read_csv('{folder}/product.csv', header = false, columns = {
        'product_id': 'VARCHAR', 'product_class': 'VARCHAR'
    })
) to '{folder}/product.parquet' (format parquet);
