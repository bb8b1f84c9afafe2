-- Until the next run, refreshes rank as the last run did: what its ranks were is in the scores. A
-- run since the table came to be has filled it already.
insert into engagement.score_percentile (customer_type, percentile, from_score)
select
    s.ranked_type,
    s.percentile,
    min(s.score)
from engagement.customer_score as s
where
    s.ranked_type is not null and s.percentile is not null
    and not exists (select from engagement.score_percentile)
group by s.ranked_type, s.percentile;
