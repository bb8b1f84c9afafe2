-- Segment newly_active.
create or replace view engagement.segment_newly_active as
select
    m.customer_id,
    m.earned_points as segment_value
from engagement.score_movement() as m
join engagement.customer_score as s on s.customer_id = m.customer_id
where s.ranked_type is not null and m.earned_points > 0 and not m.was_active;

comment on view engagement.segment_newly_active is
'Segment: active customers who earned points within RAISED_RECENTLY_DAYS and none in the year
before. segment_value: points earned.';
comment on column engagement.segment_newly_active.customer_id is 'The customer.';
comment on column engagement.segment_newly_active.segment_value is 'Points earned recently.';
