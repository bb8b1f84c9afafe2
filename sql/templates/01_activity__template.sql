-- The shape of an activity view, without rows. Templates are written over it. In the routines of a
-- source the source's own view replaces it. A view without reverses_id gets the column there.
create or replace view engagement.activity__template as
select
    null::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    null::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    null::text as subject_id,
    null::text as subject_class,
    null::numeric as quantity,
    null::numeric as amount,
    null::timestamptz as occurred_at,
    null::timestamptz as ended_at,
    null::engagement.host_key as reverses_id
where false;

comment on view engagement.activity__template is
'Template: the shape of an activity view, without rows.';
comment on column engagement.activity__template.source_id is 'Key of the activity.';
comment on column engagement.activity__template.document_id is 'Key of its document; NULL: none.';
comment on column engagement.activity__template.customer_id is 'The customer who acted.';
comment on column engagement.activity__template.employer_id is
'The company that the document names; NULL: none.';
comment on column engagement.activity__template.subject_id is 'Product or committee; NULL: none.';
comment on column engagement.activity__template.subject_class is 'Class of the subject.';
comment on column engagement.activity__template.quantity is 'Pieces; NULL: 0.';
comment on column engagement.activity__template.amount is 'Money; NULL: 0.';
comment on column engagement.activity__template.occurred_at is 'When the activity takes place.';
comment on column engagement.activity__template.ended_at is 'When it ends; NULL: it goes on.';
comment on column engagement.activity__template.reverses_id is
'The activity that this row takes back; NULL: none.';
