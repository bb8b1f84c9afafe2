-- The rows of a view that take back others. The statement defines them itself, in a CTE
-- reversal_in_hand. In the routines of a source that CTE replaces this view.
create or replace view engagement.reversal_in_hand__template as
select
    v.source_id,
    v.reverses_id,
    v.document_id,
    v.customer_id,
    v.subject_id,
    v.quantity,
    v.amount
from engagement.activity__template as v
where v.reverses_id is not null;

comment on view engagement.reversal_in_hand__template is
'Template: the reversals that a statement defines in a CTE reversal_in_hand.';
comment on column engagement.reversal_in_hand__template.source_id is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.reverses_id is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.document_id is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.customer_id is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.subject_id is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.quantity is 'See activity__template.';
comment on column engagement.reversal_in_hand__template.amount is 'See activity__template.';
