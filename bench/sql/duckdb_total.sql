-- DuckDB's dialect.
select customer_id, score, ytd_score from total;
