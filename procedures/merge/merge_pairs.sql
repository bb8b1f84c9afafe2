-- Internal. The pairs of engagement_host.merged_customer, each once, with what is wrong with it,
-- and whether it is due: it is in order, not merged yet, and there is something to move.
-- Reads: customer_merge, social_score, score_adjustment.
create or replace function engagement.merge_pairs(
    p_from_ids engagement.host_key[], p_into_ids engagement.host_key[]
)
returns table (
    from_id engagement.host_key, into_id engagement.host_key, problem text, is_due boolean
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with recursive shown as (
        select distinct u.from_id, u.into_id
        from unnest(p_from_ids, p_into_ids) u (from_id, into_id)
    ),
    judged as (
        select s.from_id, s.into_id,
               case when s.from_id is null or s.into_id is null then 'with NULL'
                    when s.from_id = s.into_id then 'of a customer with itself'
                    when count(*) over (partition by s.from_id) > 1
                         then 'of a customer who is merged into two' end as problem
        from shown s
    ),
    -- From each customer who is merged into a merged one, along the pairs.
    walk (from_id, at_id) as (
        select j.from_id, j.into_id
        from judged j
        where j.problem is null and exists (select from judged n where n.from_id = j.into_id)
        union
        select w.from_id, j.into_id
        from walk w
        inner join judged j on j.from_id = w.at_id and j.problem is null
        where w.at_id <> w.from_id
    ),
    named as (
        select j.from_id, j.into_id,
               coalesce(j.problem,
                        case when exists (select from walk w
                                          where w.from_id = j.from_id and w.at_id = j.from_id)
                             then 'in a circle' end) as problem
        from judged j
    )
    select n.from_id, n.into_id, n.problem,
           n.problem is null
           and (n.from_id in (select s.customer_id from engagement.social_score s)
                or n.from_id in (select a.customer_id from engagement.score_adjustment a))
           and n.from_id not in (select m.from_id from engagement.customer_merge m
                                 where m.unmerged_at is null)
    from named n;
end
$$;
comment on function engagement.merge_pairs(engagement.host_key[], engagement.host_key[]) is
    'Internal: pairs of merged customers, with what is wrong with each: NULL, itself, merged into '
    'two, a circle. is_due: it is in order and not merged yet, and there is something '
    'to move.';
