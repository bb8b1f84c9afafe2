-- What the rows of an outcome's view are like, as engagement.profile_source says it of a source's.
with outcome as (
    select
        o.customer_id,
        o.decided_at,
        o.happened,
        o.value
    from engagement.outcome_rows(%(source)s) as o
)

select
    json_build_object(
        'view', %(source)s::text,
        'holds', 'an outcome; of them happened: ' || count(*) filter (where o.happened),
        'row_count', count(*),
        'customer_count', count(distinct o.customer_id::text),
        'first_at', min(o.decided_at) filter (where isfinite(o.decided_at)),
        'last_at', max(o.decided_at) filter (where isfinite(o.decided_at)),
        'sample', (
            select coalesce(json_agg(s), '[]')
            from (select v.* from outcome as v limit %(sample_count)s) as s
        )
    )::text as profile,
    (
        select coalesce(json_agg(f), '[]') from engagement.outcome_findings(%(source)s) as f
    )::text as findings
from outcome as o
