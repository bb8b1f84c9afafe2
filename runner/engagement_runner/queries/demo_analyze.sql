-- As after every bulk load: the planner's statistics, which autovacuum would gather a minute later.
analyze
