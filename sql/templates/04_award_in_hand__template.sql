-- The live awards that a statement compares. The statement defines them itself, in a CTE
-- award_in_hand. In the routines of a source that CTE replaces this view.
create or replace view engagement.award_in_hand__template as
select
    w.customer_id,
    w.source_id,
    w.document_id,
    w.employer_id,
    w.effective_at,
    w.expires_at,
    w.recorded_at,
    w.rule_id,
    w.subject_id,
    w.subject_class,
    w.quantity,
    w.amount,
    w.points,
    w.reversals
from engagement.award as w
where w.source = 'template' and w.voided_at is null;

comment on view engagement.award_in_hand__template is
'Template: the live awards that a statement defines in a CTE award_in_hand.';
comment on column engagement.award_in_hand__template.customer_id is 'See award.';
comment on column engagement.award_in_hand__template.source_id is 'See award.';
comment on column engagement.award_in_hand__template.document_id is 'See award.';
comment on column engagement.award_in_hand__template.employer_id is 'See award.';
comment on column engagement.award_in_hand__template.effective_at is 'See award.';
comment on column engagement.award_in_hand__template.expires_at is 'See award.';
comment on column engagement.award_in_hand__template.recorded_at is 'See award.';
comment on column engagement.award_in_hand__template.rule_id is 'See award.';
comment on column engagement.award_in_hand__template.subject_id is 'See award.';
comment on column engagement.award_in_hand__template.subject_class is 'See award.';
comment on column engagement.award_in_hand__template.quantity is 'See award.';
comment on column engagement.award_in_hand__template.amount is 'See award.';
comment on column engagement.award_in_hand__template.points is 'See award.';
comment on column engagement.award_in_hand__template.reversals is 'See award.';
