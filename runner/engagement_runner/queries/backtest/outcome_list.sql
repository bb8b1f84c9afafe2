-- The outcomes that scores can be compared with.
select row_to_json(s)::text
from (
    select
        o.outcome,
        o.description,
        o.view_name
    from engagement.outcome_source as o
    order by o.outcome
) as s
