-- Segment dormant.
create or replace view engagement.segment_dormant as
select
    m.customer_id,
    floor(extract(epoch from engagement.scored_at() - m.last_earned_at) / 86400) as segment_value
from engagement.score_movement() as m
join engagement.customer_score as s on s.customer_id = m.customer_id
where
    s.ranked_type is not null and not m.is_seated
    and m.last_earned_at <= engagement.scored_at() - interval '365 days';

comment on view engagement.segment_dormant is
'Segment: active customers who have earned points once, but none in the last 365 days, and sit on
no committee. segment_value: days since.';
comment on column engagement.segment_dormant.customer_id is 'The customer.';
comment on column engagement.segment_dormant.segment_value is 'Days since points were earned.';
