-- Internal. Everybody's scores, to be joined with what the host has. Inlined by the planner: keep
-- it one query. A cluster has a form of its own, because it would fetch the host's rows to join
-- them with its shards.
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
