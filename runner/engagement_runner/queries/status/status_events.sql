-- Events that no consumer has taken, and the age of the oldest in seconds.
select row_to_json(e)::text
from (
    select
        count(*) as waiting_events,
        coalesce(floor(extract(epoch from now() - min(created_at))), 0)::bigint
            as event_age_seconds
    from engagement.score_event
) as e
