-- Serves: a refresh ranks its customer among those of its type; the run's ranking pass sorts by it.
create index if not exists customer_score_rank on engagement.customer_score (ranked_type, score)
where ranked_type is not null;
