-- What a report says of the whole base, in total or in a category, and how it is to be written.
select row_to_json(h)::text
from (
    select
        engagement.scored_at() as as_of,
        now() as read_at,
        r.run_mode,
        r.finished_at,
        r.failed_sources,
        (select count(*) from engagement.pending_activity) as queued_count,
        (
            select count(*) from engagement.scoring_failure as f where f.resolved_at is null
        ) as failure_count,
        engagement.get_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'Y' as is_switched_on,
        engagement.get_parameter('LOCALE') as locale,
        engagement.get_parameter('TIME_ZONE') as time_zone,
        engagement.get_parameter('RAISED_RECENTLY_DAYS')::integer as recent_days,
        (
            select c.category_name from engagement.category as c
            where c.category_code = %(category)s
        ) as category_name,
        s.*
    from (
        select
            count(*) as customer_count,
            count(*) filter (where c.score > 0) as engaged_count,
            round(
                count(*) filter (where c.score > 0) / nullif(count(*), 0)::numeric, 3
            ) as engaged_rate,
            percentile_disc(0.5) within group (order by c.score) as median_score
        from engagement.standing(%(category)s) as c
        where c.ranked_type is not null
    ) as s
    left join (
        select
            run_mode,
            finished_at,
            failed_sources
        from engagement.recalculation_run
        where run_status = 'COMPLETED' and run_mode <> 'ROLL_UP'
        order by run_id desc
        limit 1
    ) as r on true
) as h
