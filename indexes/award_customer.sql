-- Serves: score_at, explain_score, score_card, refresh and the totals of a batch of customers (live
-- and voided).
create index if not exists award_customer on engagement.award (customer_id);
