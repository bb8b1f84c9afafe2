-- The ledger. Its key is natural (customer_id, source, source_id, rule_id, recorded_at); no primary
-- key enforces it, because that index would be a third of the table and serve no query. Voided rows
-- need no uniqueness, live ones have award_live, and a published table finds its rows by REPLICA
-- IDENTITY FULL.
create table engagement.award (
    customer_id engagement.host_key not null,
    source_id engagement.host_key not null,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    effective_at timestamptz not null,
    expires_at timestamptz,
    recorded_at timestamptz not null,
    voided_at timestamptz,
    rule_id integer not null,
    source text not null,
    subject_id text,
    subject_class text,
    quantity numeric not null,
    amount numeric not null,
    points numeric not null,
    void_reason text,
    constraint award_interval check (expires_at > effective_at),
    constraint award_record check (voided_at > recorded_at),
    constraint award_void check ((voided_at is null) = (void_reason is null)),
    constraint award_void_reason check (
        void_reason in ('SOURCE_REMOVED', 'RULE_CHANGED', 'EMPLOYER_CHANGED', 'SOURCE_CHANGED')
    )
);
alter table engagement.award replica identity full;

-- source_id leads: the triggers ask for the awards of given lines, and uniqueness does not mind the
-- order.
create unique index award_live on engagement.award (source_id, source, rule_id, customer_id)
where voided_at is null;

comment on table engagement.award is
    'Append-only ledger: what an activity earned under a rule. Counts in [effective_at, '
    'expires_at); on record in [recorded_at, voided_at). Never edited or deleted, only voided.';
comment on column engagement.award.customer_id is 'Who earned: the ship-to customer of the line.';
comment on column engagement.award.source is 'Activity source, engagement.activity_source.source.';
comment on column engagement.award.source_id is 'Key of the activity in its source''s view.';
comment on column engagement.award.rule_id is 'The version of the rule that awarded.';
comment on column engagement.award.document_id is
    'Key of the activity''s header; NULL: it has none.';
comment on column engagement.award.employer_id is 'Company that the points roll up to; NULL: none.';
comment on column engagement.award.subject_id is 'Product or committee; NULL: none.';
comment on column engagement.award.subject_class is 'Its class; NULL: none.';
comment on column engagement.award.quantity is 'Quantity of the activity, NULL there is 0 here.';
comment on column engagement.award.amount is
    'Amount of the activity in the base currency, NULL there is 0 here.';
comment on column engagement.award.points is
    'Points, rounded half to even to SCORE_DECIMALS; never 0.';
comment on column engagement.award.effective_at is
    'When it begins to count: the activity''s occurred_at.';
comment on column engagement.award.expires_at is 'When it ceases to count, exclusive; NULL: never.';
comment on column engagement.award.recorded_at is 'When it came on record.';
comment on column engagement.award.voided_at is 'When it was taken off the record; NULL: live.';
comment on column engagement.award.void_reason is
    'SOURCE_REMOVED, SOURCE_CHANGED, EMPLOYER_CHANGED or RULE_CHANGED; NULL: live.';
