-- Sums the next customers of a run that is one transaction, and counts them. They stay in the work
-- until the end of the phase.
select
    cardinality(b.customer_ids) as customer_count,
    engagement.write_totals(
        p_customer_ids => b.customer_ids, p_as_of => r.as_of, p_always_stamp => true,
        p_follow_clock => false
    ) as written_count
from (
    select array_agg(n.customer_id) as customer_ids
    from (
        select c.customer_id
        from engagement.recalculation_customer as c
        order by c.customer_id
        limit 5000 offset %(done)s
    ) as n
) as b
cross join engagement.recalculation_run as r
where b.customer_ids is not null and r.run_id = %(run_id)s
