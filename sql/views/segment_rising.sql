-- Segment rising.
create or replace view engagement.segment_rising as
select
    m.customer_id,
    m.score_now - m.score_before as segment_value
from engagement.score_movement() as m
join engagement.customer_score as s on s.customer_id = m.customer_id
where s.ranked_type is not null and m.score_now > m.score_before and m.earned_points > 0;

comment on view engagement.segment_rising is
'Segment: active customers whose own score was raised within RAISED_RECENTLY_DAYS by activity.
segment_value: by how much.';
comment on column engagement.segment_rising.customer_id is 'The customer.';
comment on column engagement.segment_rising.segment_value is 'Points gained.';
