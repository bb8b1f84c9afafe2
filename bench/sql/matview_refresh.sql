refresh materialized view concurrently bench.total_view;
