-- The awards that a statement caps, each with its rule. The statement defines them itself, in a CTE
-- capping_in_hand. In the generated routines that CTE replaces this view.
create or replace view engagement.capping_in_hand__template as
select
    w.customer_id,
    w.source,
    w.source_id,
    w.rule_id,
    w.document_id,
    w.employer_id,
    w.subject_id,
    w.subject_class,
    w.quantity,
    w.amount,
    w.points,
    w.effective_at,
    w.expires_at,
    w.recorded_at,
    w.voided_at,
    w.void_reason,
    r.category_code,
    r.engagement_type,
    r.rule_code,
    r.cap_points,
    r.cap_period,
    r.half_life_weeks,
    r.inactivity_steps
from engagement.award as w
inner join engagement.score_rule as r on r.rule_id = w.rule_id
where w.voided_at is null;

comment on view engagement.capping_in_hand__template is
'Template: the awards and their rules that a statement defines in a CTE capping_in_hand.';
comment on column engagement.capping_in_hand__template.customer_id is 'See award.';
comment on column engagement.capping_in_hand__template.source is 'See award.';
comment on column engagement.capping_in_hand__template.source_id is 'See award.';
comment on column engagement.capping_in_hand__template.rule_id is 'See award.';
comment on column engagement.capping_in_hand__template.document_id is 'See award.';
comment on column engagement.capping_in_hand__template.employer_id is 'See award.';
comment on column engagement.capping_in_hand__template.subject_id is 'See award.';
comment on column engagement.capping_in_hand__template.subject_class is 'See award.';
comment on column engagement.capping_in_hand__template.quantity is 'See award.';
comment on column engagement.capping_in_hand__template.amount is 'See award.';
comment on column engagement.capping_in_hand__template.points is 'See award.';
comment on column engagement.capping_in_hand__template.effective_at is 'See award.';
comment on column engagement.capping_in_hand__template.expires_at is 'See award.';
comment on column engagement.capping_in_hand__template.recorded_at is 'See award.';
comment on column engagement.capping_in_hand__template.voided_at is 'See award.';
comment on column engagement.capping_in_hand__template.void_reason is 'See award.';
comment on column engagement.capping_in_hand__template.category_code is 'See score_rule.';
comment on column engagement.capping_in_hand__template.engagement_type is 'See score_rule.';
comment on column engagement.capping_in_hand__template.rule_code is 'See score_rule.';
comment on column engagement.capping_in_hand__template.cap_points is 'See score_rule.';
comment on column engagement.capping_in_hand__template.cap_period is 'See score_rule.';
comment on column engagement.capping_in_hand__template.half_life_weeks is 'See score_rule.';
comment on column engagement.capping_in_hand__template.inactivity_steps is 'See score_rule.';
