-- Serves: INCREMENTAL finds the customers that a date alone has changed.
create index if not exists customer_score_next_change on engagement.customer_score (next_change_at)
where next_change_at is not null;
