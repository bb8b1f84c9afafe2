-- The awards that a statement adds up, each with the customer that it counts for. The statement
-- defines them itself, in a CTE counting_in_hand. In the routines of the totals that CTE replaces
-- this view.
create or replace view engagement.counting_in_hand__template as
select
    w.customer_id as holder_id,
    r.category_code,
    w.points,
    w.effective_at,
    w.expires_at,
    r.half_life_weeks,
    r.inactivity_steps,
    null::tstzmultirange as active_in
from engagement.award as w
inner join engagement.score_rule as r on r.rule_id = w.rule_id
where w.voided_at is null;

comment on view engagement.counting_in_hand__template is
'Template: the awards that a statement defines in a CTE counting_in_hand.';
comment on column engagement.counting_in_hand__template.holder_id is
'The customer that the award counts for.';
comment on column engagement.counting_in_hand__template.category_code is
'Category of the rule; NULL: points of employees.';
comment on column engagement.counting_in_hand__template.points is 'Points, after the cap.';
comment on column engagement.counting_in_hand__template.effective_at is
'When the award begins to count.';
comment on column engagement.counting_in_hand__template.expires_at is
'When the award ceases to count; NULL: never.';
comment on column engagement.counting_in_hand__template.half_life_weeks is
'Number of weeks in which its points halve; NULL: they do not halve.';
comment on column engagement.counting_in_hand__template.inactivity_steps is
'What inactivity leaves of its points; NULL: all.';
comment on column engagement.counting_in_hand__template.active_in is
'When its customer was active in its category; NULL: never, or it does not matter.';
