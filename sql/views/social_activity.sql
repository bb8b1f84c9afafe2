-- The package's own activity source social_score.
create or replace view engagement.social_activity as
select
    s.source_id,
    null::engagement.host_key as document_id,
    s.customer_id,
    null::engagement.host_key as employer_id,
    s.social_type as subject_id,
    nullif(s.social_subtype, '') as subject_class,
    1::numeric as quantity,
    s.score as amount,
    s.scored_at as occurred_at,
    s.ends_at as ended_at
from engagement.social_score as s;

comment on view engagement.social_activity is 'Activity source: social community scores.';
comment on column engagement.social_activity.source_id is 'social_score.source_id.';
comment on column engagement.social_activity.document_id is 'Always NULL: it has no document.';
comment on column engagement.social_activity.customer_id is 'The customer.';
comment on column engagement.social_activity.employer_id is 'Always NULL: it names no employer.';
comment on column engagement.social_activity.subject_id is 'Kind of activity.';
comment on column engagement.social_activity.subject_class is 'Finer kind.';
comment on column engagement.social_activity.quantity is 'Always 1.';
comment on column engagement.social_activity.amount is 'The score.';
comment on column engagement.social_activity.occurred_at is 'When it begins to count.';
comment on column engagement.social_activity.ended_at is 'When it ceases to count; NULL: never.';
