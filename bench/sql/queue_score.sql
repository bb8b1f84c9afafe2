select customer_id, employer_id, points
from bench.line_point
where order_line_id = %(line)s and points is not null
