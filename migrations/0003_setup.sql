-- What staff decide: parameters, categories, engagement types, rules; and the record of who decided
-- it.
create table engagement.app_parameter (
    parameter_name text not null,
    parameter_value text not null,
    value_type text not null,
    default_value text not null,
    description text not null,
    constraint app_parameter_pkey primary key (parameter_name)
);
comment on table engagement.app_parameter is
    'Application parameters. Change them by engagement.set_parameter only: it checks, audits and '
    'makes them known.';
comment on column engagement.app_parameter.parameter_name is 'Name, e.g. TIME_ZONE.';
comment on column engagement.app_parameter.parameter_value is 'Value in force, as text.';
comment on column engagement.app_parameter.value_type is
    'Grammar of the value: choices separated by |, integer LOW..HIGH, or time zone.';
comment on column engagement.app_parameter.default_value is 'Value of a fresh deployment.';
comment on column engagement.app_parameter.description is 'What it does, for staff.';

create table engagement.category (
    category_code text not null,
    category_name text not null,
    sort_order integer not null,
    constraint category_pkey primary key (category_code),
    constraint category_code_form check (category_code ~ '^[A-Z][A-Z0-9_]{0,39}$')
);
comment on table engagement.category is
    'The parts a score is broken down into; an organisation adds its own rows.';
comment on column engagement.category.category_code is 'Code, e.g. INVOLVEMENT.';
comment on column engagement.category.category_name is 'Name that staff read.';
comment on column engagement.category.sort_order is 'Order on a score card, smallest first.';

create table engagement.engagement_type (
    engagement_type text not null,
    type_name text not null,
    needs_effective_when boolean not null default false,
    constraint engagement_type_pkey primary key (engagement_type),
    constraint engagement_type_form check (engagement_type ~ '^[A-Z][A-Z0-9_]{0,39}$')
);
comment on table engagement.engagement_type is
    'Kinds of activity that rules score; an organisation adds its own rows and a source for each.';
comment on column engagement.engagement_type.engagement_type is 'Code, e.g. PRODUCT_PURCHASE.';
comment on column engagement.engagement_type.type_name is 'Name that staff read.';
comment on column engagement.engagement_type.needs_effective_when is
    'True: its rules and sources say whether they act on order or on invoice creation.';

create table engagement.score_rule (
    rule_id integer not null,
    rule_code text not null,
    version integer not null,
    description text not null default '',
    category_code text not null,
    engagement_type text not null,
    effective_when text,
    subject_id text,
    subject_class text,
    flat_score numeric not null default 0,
    quantity_score numeric not null default 0,
    amount_score numeric not null default 0,
    valid_for_weeks integer,
    applies_from timestamptz,
    applies_until timestamptz,
    is_active boolean not null default true,
    subject_key text not null generated always as (
        case when subject_id is null then '' else '=' || subject_id end
    ) stored,
    class_key text not null generated always as (
        case when subject_class is null then '' else '=' || subject_class end
    ) stored,
    constraint score_rule_pkey primary key (rule_id),
    constraint score_rule_version_key unique (rule_code, version),
    constraint score_rule_code_form check (rule_code ~ '^[A-Z][A-Z0-9_]{0,59}$'),
    constraint score_rule_effective_when check (
        effective_when in ('ORDER_CREATION', 'INVOICE_CREATION')
    ),
    constraint score_rule_weeks check (valid_for_weeks between 1 and 100000),
    constraint score_rule_range check (applies_from < applies_until),
    constraint score_rule_scores check (
        flat_score not in ('NaN', 'Infinity', '-Infinity')
        and quantity_score not in ('NaN', 'Infinity', '-Infinity')
        and amount_score not in ('NaN', 'Infinity', '-Infinity')
    )
);
comment on table engagement.score_rule is
    'Score rules, one row per version. Change them by add_rule, revise_rule and retire_rule only.';
comment on column engagement.score_rule.rule_id is 'Id of this version; awards carry it.';
comment on column engagement.score_rule.rule_code is 'Code that all versions of the rule share.';
comment on column engagement.score_rule.version is 'Number of the version, from 1.';
comment on column engagement.score_rule.description is
    'What staff read beside the points; edited in place.';
comment on column engagement.score_rule.category_code is 'Category that the points belong to.';
comment on column engagement.score_rule.engagement_type is 'Kind of activity that it scores.';
comment on column engagement.score_rule.effective_when is
    'ORDER_CREATION or INVOICE_CREATION; NULL for kinds of activity that know no such difference.';
comment on column engagement.score_rule.subject_id is 'The product or committee; NULL: any.';
comment on column engagement.score_rule.subject_class is
    'The class of the product or committee; NULL: any.';
comment on column engagement.score_rule.flat_score is
    'Points per activity, negative for a reversal.';
comment on column engagement.score_rule.quantity_score is 'Points per unit of quantity.';
comment on column engagement.score_rule.amount_score is 'Points per unit of the base currency.';
comment on column engagement.score_rule.valid_for_weeks is
    'Weeks that an award counts; NULL: for ever.';
comment on column engagement.score_rule.applies_from is
    'Activities that occurred at or after this match; NULL: all history.';
comment on column engagement.score_rule.applies_until is
    'Activities that occurred before this match; NULL: open.';
comment on column engagement.score_rule.is_active is
    'False: the version awards nothing and what it awarded is voided.';
comment on column engagement.score_rule.subject_key is
    'Derived from subject_id so that one index finds both the subject''s rules and those for any '
    'subject.';
comment on column engagement.score_rule.class_key is 'Likewise derived from subject_class.';

create table engagement.setup_change (
    changed_at timestamptz not null,
    changed_by text not null,
    object_type text not null,
    object_name text not null,
    old_value jsonb,
    new_value jsonb,
    constraint setup_change_object_type check (object_type in ('RULE', 'PARAMETER'))
);
alter table engagement.setup_change replica identity full;
comment on table engagement.setup_change is
    'Audit: every change of a rule or parameter, appended by their routines.';
comment on column engagement.setup_change.changed_at is 'When (clock_timestamp).';
comment on column engagement.setup_change.changed_by is
    'The role that was logged in (session_user).';
comment on column engagement.setup_change.object_type is 'RULE or PARAMETER.';
comment on column engagement.setup_change.object_name is 'rule_code or parameter_name.';
comment on column engagement.setup_change.old_value is 'Before; NULL when it is new.';
comment on column engagement.setup_change.new_value is 'After.';
