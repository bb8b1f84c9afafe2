insert into bench.counted_line (order_line_id, customer_id, employer_id, points)
values (%(line)s, %(customer)s, %(employer)s, %(points)s)
