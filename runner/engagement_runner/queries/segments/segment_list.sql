-- The segments, with how many customers are in each; NULL where its view is not there, not of the
-- right shape or not to be trusted, which engagement.segment explains.
select row_to_json(s)::text
from (
    select
        d.segment_name, d.label, d.description,
        case
            when
                engagement.segment_view(d.view_name) is not null
                and engagement.foreign_code(engagement.segment_view(d.view_name)) is null
                then (select count(*) from engagement.segment(d.segment_name))
        end as customer_count
    from engagement.segment_definition as d
    order by d.segment_name
) as s
