-- The activities that a statement derives, less what was taken back. The statement defines them
-- itself, from net_activity__template(), in a CTE activity_in_hand. In the routines of a source
-- that CTE replaces this view.
create or replace view engagement.activity_in_hand__template as
select
    v.source_id,
    v.document_id,
    v.customer_id,
    v.employer_id,
    v.subject_id,
    v.subject_class,
    v.quantity,
    v.amount,
    v.occurred_at,
    v.ended_at,
    null::jsonb as reversals
from engagement.activity__template as v;

comment on view engagement.activity_in_hand__template is
'Template: the activities, less what was taken back, that a statement defines in a CTE '
'activity_in_hand.';
comment on column engagement.activity_in_hand__template.source_id is 'See activity__template.';
comment on column engagement.activity_in_hand__template.document_id is 'See activity__template.';
comment on column engagement.activity_in_hand__template.customer_id is 'See activity__template.';
comment on column engagement.activity_in_hand__template.employer_id is 'See activity__template.';
comment on column engagement.activity_in_hand__template.subject_id is 'See activity__template.';
comment on column engagement.activity_in_hand__template.subject_class is 'See activity__template.';
comment on column engagement.activity_in_hand__template.quantity is 'See activity__template.';
comment on column engagement.activity_in_hand__template.amount is 'See activity__template.';
comment on column engagement.activity_in_hand__template.occurred_at is 'See activity__template.';
comment on column engagement.activity_in_hand__template.ended_at is 'See activity__template.';
comment on column engagement.activity_in_hand__template.reversals is
'What was taken back, see reversed_activity; NULL: nothing.';
