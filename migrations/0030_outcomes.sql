-- What happened to customers in the end, as the host shows it, and what the steps of a backtest
-- pass on.
create table engagement.outcome_source (
    outcome text not null,
    view_name text not null,
    description text not null,
    made_by text not null,
    registered_at timestamptz not null,
    constraint outcome_source_pkey primary key (outcome),
    constraint outcome_source_form check (outcome ~ '^[A-Z][A-Z0-9_]{0,39}$'),
    constraint outcome_source_made_by check (made_by in ('ADAPTER', 'HAND'))
);
comment on table engagement.outcome_source is
    'Outcomes that scores can be compared with, such as renewals. Change them by '
    'register_outcome and unregister_outcome only.';
comment on column engagement.outcome_source.outcome is 'Code, e.g. RENEWAL.';
comment on column engagement.outcome_source.view_name is
    'The host''s view, schema-qualified and quoted: customer_id, decided_at, happened, value.';
comment on column engagement.outcome_source.description is 'What counts as one, for staff.';
comment on column engagement.outcome_source.made_by is
    'ADAPTER: a deployment of the adapter registered it, and one that no longer does removes it; '
    'HAND: somebody registered it by hand.';
comment on column engagement.outcome_source.registered_at is 'When it was registered last.';

create type engagement.scored_outcome as (
    outcome_number integer,
    customer_id engagement.host_key,
    scored_at timestamptz,
    happened boolean,
    value numeric,
    score numeric
);
comment on type engagement.scored_outcome is
'An outcome and the score of its customer at scored_at, which is some time before it was decided. '
'Their numbers begin at 1.';

create type engagement.outcome_point as (
    outcome_number integer,
    category_code text,
    rule_code text,
    points numeric
);
comment on type engagement.outcome_point is
'Points that counted at the scored_at of an outcome. Category and rule are NULL for the points of '
'a company''s people.';

create type engagement.score_pair as (
    measure integer,
    score numeric,
    other_score numeric,
    happened_count integer,
    missed_count integer
);
comment on type engagement.score_pair is
'How many outcomes have this score by one way of scoring and other_score by another: those that '
'happened, and those that did not. A measure is one comparison of two ways.';
