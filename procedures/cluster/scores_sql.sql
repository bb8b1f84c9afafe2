-- Internal. How all scores are read beside rows of the host, as the text of a FROM item. A cluster
-- would fetch the host's rows to join them with its shards; there a routine hands over the scores.
-- Reads: is_distributed.
create or replace function engagement.scores_sql()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case when engagement.is_distributed() then 'engagement.stored_scores()'
                else 'engagement.customer_score' end
$$;
comment on function engagement.scores_sql() is
    'Internal: FROM item that yields the rows of customer_score, to be joined with the host''s.';
