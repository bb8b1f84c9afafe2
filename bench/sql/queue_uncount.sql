delete from bench.counted_line
where order_line_id = %(line)s
returning customer_id, employer_id, -points
