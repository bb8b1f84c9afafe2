-- Segment dormant. The instant is a separate query, because the nodes of a cluster do not have it.
-- It is materialized; otherwise it would be computed for every customer.
create or replace view engagement.segment_dormant as
with t as materialized (select engagement.scored_at() as scored_at)

select
    m.customer_id,
    floor(extract(epoch from t.scored_at - m.last_earned_at) / 86400) as segment_value
from t
join engagement.score_movement() as m
    on m.last_earned_at <= t.scored_at - interval '365 days'
join engagement.customer_score as s on s.customer_id = m.customer_id
where s.ranked_type is not null and not m.is_seated;

comment on view engagement.segment_dormant is
'Segment: active customers who have earned points, but none in the last 365 days, and who sit on
no committee. segment_value: days since they last earned points.';
comment on column engagement.segment_dormant.customer_id is 'The customer.';
comment on column engagement.segment_dormant.segment_value is 'Days since points were last earned.';
