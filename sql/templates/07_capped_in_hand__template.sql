-- The awards of rules that cap or fade, with what the caps leave of them. A statement over a template
-- names these awards itself, in a CTE special_in_hand. In the routines of the totals the text of
-- capped_sql over that CTE stands in the place of this view.
create or replace view engagement.capped_in_hand__template as
select
    w.customer_id,
    w.employer_id,
    r.category_code,
    w.points as capped_points,
    w.effective_at,
    w.expires_at,
    r.half_life_weeks
from engagement.award as w
inner join engagement.score_rule as r on r.rule_id = w.rule_id
where w.voided_at is null;

comment on view engagement.capped_in_hand__template is
'Template: capped awards of those that a statement names in a CTE special_in_hand.';
comment on column engagement.capped_in_hand__template.customer_id is 'See award.';
comment on column engagement.capped_in_hand__template.employer_id is 'See award.';
comment on column engagement.capped_in_hand__template.category_code is 'Category of the rule.';
comment on column engagement.capped_in_hand__template.capped_points is
'Points, after the cap.';
comment on column engagement.capped_in_hand__template.effective_at is 'When they count from.';
comment on column engagement.capped_in_hand__template.expires_at is
'When they cease to count; NULL: never.';
comment on column engagement.capped_in_hand__template.half_life_weeks is
'In how many weeks half of them fades; NULL: they do not fade.';
