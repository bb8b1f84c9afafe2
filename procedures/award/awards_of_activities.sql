-- Internal. The awards of some activities. The look-up goes key by key, even in a plan that was
-- made when the tables were empty. A bitmap scan for thousands of keys could outgrow work_mem and
-- would then compare every row of its pages with every key. Live awards and voided awards each have
-- an index by activity, so ask for one or the other. Inlined by the planner: keep it one query. On
-- a cluster an overlay replaces it.
-- Reads: award.
create or replace function engagement.awards_of_activities(
    p_source text, p_source_ids engagement.host_key[], p_is_live boolean default true
)
returns setof engagement.award
language sql
stable
begin atomic
    select w.*
    from unnest(p_source_ids) k (key)
    cross join lateral (
        select w.*
        from engagement.award w
        where w.source_id = k.key
              and (p_source is null or w.source = p_source)
              and (p_is_live is null or (w.voided_at is null) = p_is_live)
        offset 0
    ) w;
end;
comment on function engagement.awards_of_activities(text, engagement.host_key[], boolean) is
    'Internal: awards that these activities (each given once) have from a source (NULL: any). '
    'p_is_live: true for live awards, false for voided ones, NULL for both.';
