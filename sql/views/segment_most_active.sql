-- Segment most_active.
create or replace view engagement.segment_most_active as
select
    s.customer_id,
    s.score as segment_value
from engagement.customer_score as s
where engagement.chosen_category() is null and s.percentile >= 90 and s.score > 0
union all
select
    p.customer_id,
    p.score + p.employee_score as segment_value
from engagement.category_score as p
where
    p.category_code = engagement.chosen_category()
    and engagement.chosen_category() is not null
    and p.percentile >= 90 and p.score + p.employee_score > 0;

comment on view engagement.segment_most_active is
'Segment: the top tenth of the active customers of each type, in total or in a category that is
ranked. segment_value: score.';
comment on column engagement.segment_most_active.customer_id is 'The customer.';
comment on column engagement.segment_most_active.segment_value is 'Score.';
