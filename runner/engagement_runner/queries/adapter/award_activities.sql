-- Scores the next activities of a run that is one transaction, and counts them. They stay in the work
-- until the end of the phase.
select
    sum(cardinality(b.source_ids)) as activity_count,
    count(
        engagement.award_batch(p_run => r, p_source => b.source, p_ids => b.source_ids)
    ) as batch_count
from (
    select n.source, array_agg(n.source_id order by n.source_id) as source_ids
    from (
        select k.source, k.source_id
        from engagement.recalculation_key as k
        order by k.source, k.source_id
        limit 2000 offset %(done)s
    ) as n
    group by n.source
) as b
cross join engagement.recalculation_run as r
where r.run_id = %(run_id)s
