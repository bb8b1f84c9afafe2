-- Segment most_active.
create or replace view engagement.segment_most_active as
select
    s.customer_id,
    s.score as segment_value
from engagement.customer_score as s
where s.percentile >= 90 and s.score > 0;

comment on view engagement.segment_most_active is
'Segment: the top tenth of the active customers of each type. segment_value: score.';
comment on column engagement.segment_most_active.customer_id is 'The customer.';
comment on column engagement.segment_most_active.segment_value is 'Score.';
