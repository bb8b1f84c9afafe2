-- The limit for the weekly job: the sums by one parallel CREATE TABLE AS, and nothing kept.
create table bench.total as select customer_id, score, ytd_score from bench.customer_sum;
