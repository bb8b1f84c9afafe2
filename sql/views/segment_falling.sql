-- Segment falling.
create or replace view engagement.segment_falling as
select
    m.customer_id,
    m.score_before - m.score_now as segment_value
from engagement.score_movement() as m
join engagement.customer_score as s on s.customer_id = m.customer_id
where s.ranked_type is not null and m.score_now < m.score_before;

comment on view engagement.segment_falling is
'Segment: active customers whose own score is lower than RAISED_RECENTLY_DAYS ago. segment_value:
by how much.';
comment on column engagement.segment_falling.customer_id is 'The customer.';
comment on column engagement.segment_falling.segment_value is 'Points lost.';
