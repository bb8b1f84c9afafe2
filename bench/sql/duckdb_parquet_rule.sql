-- DuckDB's dialect.
copy (
    from read_csv('{folder}/rule.csv', header = false, columns = {
        'subject_id': 'VARCHAR', 'subject_class': 'VARCHAR', 'flat_score': 'DECIMAL(9, 2)',
        'quantity_score': 'DECIMAL(9, 2)', 'amount_score': 'DECIMAL(9, 2)',
        'valid_for_weeks': 'INTEGER'
    })
) to '{folder}/rule.parquet' (format parquet);
