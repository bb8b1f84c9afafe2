-- Reversals: what a host takes back, as it was last seen, and what that takes from each activity.
-- A reversal that is deleted or un-posted shows no more what it took back. So the package keeps it.
create table engagement.reversal (
    source text not null,
    source_id engagement.host_key not null,
    reverses_id engagement.host_key not null,
    document_id engagement.host_key,
    customer_id engagement.host_key,
    subject_id text,
    quantity numeric not null,
    amount numeric not null,
    is_shown boolean not null default true,
    primary key (source, source_id, reverses_id)
);
comment on table engagement.reversal is
'Rows of activity views that take back, or once took back, another row (reverses_id), as they '
'were last seen. They earn nothing themselves.';
comment on column engagement.reversal.source is
'Activity source, engagement.activity_source.source.';
comment on column engagement.reversal.source_id is 'Key of the reversal in its source''s view.';
comment on column engagement.reversal.reverses_id is
'Key of the activity that it takes back, in the same view; that may be a reversal, too.';
comment on column engagement.reversal.document_id is
'Key of its document, a credit note say; NULL: it has none.';
comment on column engagement.reversal.customer_id is 'The customer whom the view shows with it.';
comment on column engagement.reversal.subject_id is 'Product or committee; NULL: none.';
comment on column engagement.reversal.quantity is
'How many pieces it takes back, never negative; NaN: not a usable number.';
comment on column engagement.reversal.amount is
'How much money it takes back, never negative; NaN: not a usable number.';

comment on column engagement.reversal.is_shown is
'Whether the view still shows that it takes back this activity; false: it once did.';

create table engagement.reversed_activity (
    source text not null,
    source_id engagement.host_key not null,
    quantity numeric not null,
    amount numeric not null,
    reversals jsonb not null,
    primary key (source, source_id)
);
comment on table engagement.reversed_activity is
'What reversals take from an activity, or from another reversal: the sum over the reversals that '
'are not taken back themselves.';
comment on column engagement.reversed_activity.source is
'Activity source, engagement.activity_source.source.';
comment on column engagement.reversed_activity.source_id is
'Key of the activity in its source''s view.';
comment on column engagement.reversed_activity.quantity is 'Pieces taken back.';
comment on column engagement.reversed_activity.amount is 'Money taken back.';
comment on column engagement.reversed_activity.reversals is
'The reversals: an array of objects with source_id, document_id, quantity, amount.';

alter table engagement.award add column reversals jsonb;
comment on column engagement.award.reversals is
'What was taken back from the activity when the award was made, see reversed_activity.reversals; '
'NULL: nothing. quantity and amount are what was left.';
-- One more reason. The rows that are there fulfilled a narrower condition, so nobody has to wait
-- until they are read.
-- squawk-ignore ban-drop-constraint
alter table engagement.award drop constraint award_void_reason;
alter table engagement.award add constraint award_void_reason check (
    void_reason in (
        'SOURCE_REMOVED', 'RULE_CHANGED', 'EMPLOYER_CHANGED', 'SOURCE_CHANGED', 'REVERSED'
    )
) not valid;
comment on column engagement.award.quantity is
'Quantity of the activity less what was taken back; NULL in the view is 0 here.';
comment on column engagement.award.amount is
'Amount of the activity in the base currency less what was taken back; NULL in the view is 0 here.';
comment on column engagement.award.void_reason is
'SOURCE_REMOVED, SOURCE_CHANGED, EMPLOYER_CHANGED, RULE_CHANGED or REVERSED; NULL: live.';

alter table engagement.activity_source add column has_reversals boolean not null default false;
comment on column engagement.activity_source.has_reversals is
'Whether the view has the column reverses_id.';

-- These routines of the sources return something else from here on.
do $$
declare
    v_routine regprocedure;
begin
    for v_routine in
        select p.oid
        from pg_proc as p
        where
            p.pronamespace = 'engagement'::regnamespace
            and p.proname ~ '^(activities_of_keys|earned|difference)__'
    loop
        execute format('drop function %s', v_routine);
    end loop;
end
$$;
