-- How the scores are distributed: of those who have points, by the kind of customer.
select row_to_json(d)::text
from (
    select
        c.customer_type,
        count(*) as customer_count,
        count(*) filter (where s.score <> 0) as scored_count,
        min(s.score) filter (where s.score <> 0) as least,
        percentile_disc(0.5) within group (order by s.score) filter (where s.score <> 0) as median,
        percentile_disc(0.9) within group (order by s.score) filter (where s.score <> 0)
            as ninth_decile,
        max(s.score) filter (where s.score <> 0) as highest
    from engagement.customer_score as s
    left join engagement_host.customer as c on s.customer_id = c.customer_id
    group by c.customer_type
    order by c.customer_type desc nulls last
) as d
