-- What a run on trial could not score: up to twenty activities or sources.
select row_to_json(f)::text
from (
    select
        v.source,
        v.source_id,
        v.sqlstate_code,
        v.message
    from engagement.scoring_failure as v
    where v.resolved_at is null
    order by v.source, v.source_id
    limit 20
) as f
