-- Internal. Everybody's scores, to be joined with the host's views. Inlined by the planner: keep it
-- one query. On a cluster an overlay replaces it: inlined, the query would fetch the host's rows to
-- join them with the shards.
-- Reads: customer_score.
create or replace function engagement.all_scores()
returns setof engagement.customer_score
language sql
stable
begin atomic
    select s.* from engagement.customer_score s;
end;
comment on function engagement.all_scores() is
    'Internal: the rows of customer_score.';
