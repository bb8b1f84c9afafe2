-- Internal. The live awards of a source. Inlined by the planner: keep it one query. On a cluster an
-- overlay replaces it: inlined, the query would fetch the host's rows to join them with the shards.
-- Reads: award.
create or replace function engagement.awards_of_source(p_source text)
returns setof engagement.award
language sql
stable
begin atomic
    select w.*
    from engagement.award w
    where w.source = p_source and w.voided_at is null;
end;
comment on function engagement.awards_of_source(text) is
    'Internal: the live awards of a source.';
