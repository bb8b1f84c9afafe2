-- What a run on trial did, and the instant that it was for.
select row_to_json(t)::text
from (
    select
        %(rules)s::text as rules,
        r.as_of,
        (select count(*) from engagement.award) as award_count,
        (select count(*) from engagement.customer_score) as customer_count,
        (select count(*) from engagement.customer_score as s where s.score <> 0) as scored_count,
        r.failure_count,
        r.failed_sources,
        round(extract(epoch from r.finished_at - r.started_at), 1) as seconds
    from engagement.recalculation_run as r
    where r.run_id = %(run_id)s
) as t
