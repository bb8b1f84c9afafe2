-- How the host is bound, and what its triggers leave behind.
create table engagement.activity_source (
    source text not null,
    engagement_type text not null,
    effective_when text,
    view_name text not null,
    view_fingerprint text not null,
    registered_at timestamptz not null,
    detached_at timestamptz,
    constraint activity_source_pkey primary key (source),
    constraint activity_source_form check (source ~ '^[a-z][a-z0-9_]{0,29}$' and source !~ '__'),
    constraint activity_source_effective_when check (
        effective_when in ('ORDER_CREATION', 'INVOICE_CREATION')
    )
);
comment on table engagement.activity_source is
    'Registered activity sources; see engagement.register_source.';
comment on column engagement.activity_source.source is 'Name of the source; awards carry it.';
comment on column engagement.activity_source.engagement_type is 'Kind of its activities.';
comment on column engagement.activity_source.effective_when is
    'ORDER_CREATION, INVOICE_CREATION or NULL: which rules its activities earn.';
comment on column engagement.activity_source.view_name is
    'The activity view, schema-qualified and quoted.';
comment on column engagement.activity_source.view_fingerprint is
    'MD5 of the definitions of the view and of all views below it; a change re-derives the source.';
comment on column engagement.activity_source.registered_at is 'When it was last registered.';
comment on column engagement.activity_source.detached_at is
    'When the host was detached: its awards stay untouched until it is registered again; NULL: in '
    'force.';

create table engagement.attached_table (
    attachment_id integer not null,
    source text not null,
    table_name text not null,
    key_expression text not null,
    activity_column text not null,
    attached_at timestamptz not null,
    constraint attached_table_pkey primary key (source, table_name),
    constraint attached_table_id_key unique (attachment_id),
    constraint attached_table_activity_column check (
        activity_column in ('source_id', 'document_id', 'customer_id', 'subject_id')
    )
);
comment on table engagement.attached_table is
    'Host tables that carry the package''s triggers; see attach_triggers.';
comment on column engagement.attached_table.attachment_id is
    'Number in the names of the generated routine.';
comment on column engagement.attached_table.source is
    'Source that the table feeds, or customer or employment.';
comment on column engagement.attached_table.table_name is
    'The host''s table, schema-qualified and quoted.';
comment on column engagement.attached_table.key_expression is
    'SQL expression over its row that gives the key.';
comment on column engagement.attached_table.activity_column is
    'Column of the activity view that has that key.';
comment on column engagement.attached_table.attached_at is 'When it was last attached.';

-- The queue. No key, no index, no constraint: a trigger's append must cost as little as can be,
-- and a run takes all there is.
create table engagement.pending_activity (
    source text not null,
    activity_column text,
    keys text[],
    queued_at timestamptz not null default now()
);
alter table engagement.pending_activity replica identity full;
comment on table engagement.pending_activity is
    'Queue: keys that the host''s statements touched and no run has re-derived yet, one row per '
    'statement.';
comment on column engagement.pending_activity.source is 'Source, or customer or employment.';
comment on column engagement.pending_activity.activity_column is
    'Column of the activity view that the keys belong to; NULL: every activity of the source; '
    'recheck: compare the source once more when the transactions in keys have ended.';
comment on column engagement.pending_activity.keys is
    'The keys as text; NULL with activity_column.';
comment on column engagement.pending_activity.queued_at is 'Start of the host''s transaction.';

create table engagement.scoring_failure (
    failed_at timestamptz not null,
    source text not null,
    activity_column text,
    keys text[],
    source_id text,
    rule_id integer,
    sqlstate_code text not null,
    message text not null,
    resolved_at timestamptz
);
alter table engagement.scoring_failure replica identity full;
comment on table engagement.scoring_failure is
    'What could not be scored and why: a trigger that failed (its keys wait in the queue), an '
    'activity whose numbers cannot be scored, a source that a run could not read.';
comment on column engagement.scoring_failure.failed_at is 'When.';
comment on column engagement.scoring_failure.source is 'Source concerned.';
comment on column engagement.scoring_failure.activity_column is
    'As in pending_activity; NULL for one activity.';
comment on column engagement.scoring_failure.keys is 'As in pending_activity.';
comment on column engagement.scoring_failure.source_id is
    'The activity, when it is one; else NULL.';
comment on column engagement.scoring_failure.rule_id is 'The rule, when it is one; else NULL.';
comment on column engagement.scoring_failure.sqlstate_code is 'SQLSTATE of the error.';
comment on column engagement.scoring_failure.message is 'Its message.';
comment on column engagement.scoring_failure.resolved_at is
    'When the keys were re-derived without an error; NULL: open.';
