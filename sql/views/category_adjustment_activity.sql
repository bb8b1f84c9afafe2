-- The package's own activity source category_adjustment.
create or replace view engagement.category_adjustment_activity as
select
    a.source_id,
    null::engagement.host_key as document_id,
    a.customer_id,
    null::engagement.host_key as employer_id,
    null::text as subject_id,
    a.category_code as subject_class,
    0::numeric as quantity,
    a.points as amount,
    a.adjusted_at as occurred_at,
    a.expires_at as ended_at
from engagement.score_adjustment as a
where a.category_code is not null;

comment on view engagement.category_adjustment_activity is
'Activity source: manual adjustments of a category.';
comment on column engagement.category_adjustment_activity.source_id is
'score_adjustment.source_id.';
comment on column engagement.category_adjustment_activity.document_id is
'Always NULL: it has no document.';
comment on column engagement.category_adjustment_activity.customer_id is 'The customer.';
comment on column engagement.category_adjustment_activity.employer_id is
'Always NULL: it names no employer.';
comment on column engagement.category_adjustment_activity.subject_id is 'Always NULL.';
comment on column engagement.category_adjustment_activity.subject_class is 'The category.';
comment on column engagement.category_adjustment_activity.quantity is 'Always 0.';
comment on column engagement.category_adjustment_activity.amount is 'The points.';
comment on column engagement.category_adjustment_activity.occurred_at is
'When the adjustment was made.';
comment on column engagement.category_adjustment_activity.ended_at is
'When it expires; NULL: never.';
