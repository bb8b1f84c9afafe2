-- Internal. The live awards that count for some companies. The look-up goes key by key, see
-- awards_of_activities. Inlined by the planner: keep it one query. On a cluster an overlay replaces
-- it.
-- Reads: award.
create or replace function engagement.awards_of_employers(p_employer_ids engagement.host_key[])
returns setof engagement.award
language sql
stable
begin atomic
    select w.*
    from unnest(p_employer_ids) k (key)
    cross join lateral (
        select w.*
        from engagement.award w
        where w.employer_id = k.key and w.voided_at is null
        offset 0
    ) w;
end;
comment on function engagement.awards_of_employers(engagement.host_key[]) is
    'Internal: the live awards that count for these companies (each given once).';
