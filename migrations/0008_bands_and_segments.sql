-- What a good score is, and which customers are looked at together: an organisation's own to say.
create table engagement.score_band (
    band_code text not null,
    label text not null default '',
    from_score numeric,
    from_percentile integer,
    constraint score_band_pkey primary key (band_code),
    constraint score_band_code_form check (band_code ~ '^[A-Z][A-Z0-9_]{0,39}$'),
    constraint score_band_threshold check (num_nonnulls(from_score, from_percentile) = 1),
    constraint score_band_from_score check (from_score not in ('NaN', 'Infinity', '-Infinity')),
    constraint score_band_from_percentile check (from_percentile between 0 and 99),
    constraint score_band_from_score_key unique (from_score),
    constraint score_band_from_percentile_key unique (from_percentile)
);
comment on table engagement.score_band is
    'Bands of scores. A customer is in the highest percentile band that it reaches, else in the '
    'highest score band; changes show after the next run, and are audited.';
comment on column engagement.score_band.band_code is 'Code, e.g. GOLD.';
comment on column engagement.score_band.label is 'Name that staff read.';
comment on column engagement.score_band.from_score is
    'Smallest score (points) of the band; NULL: it goes by percentile.';
comment on column engagement.score_band.from_percentile is
    'Smallest percentile (0 to 99) of the band; NULL: it goes by score.';

-- The bands as two sorted scales, for width_bucket.
create type engagement.band_scale as (
    from_percentiles integer [],
    percentile_codes text [],
    from_scores numeric [],
    score_codes text []
);
comment on type engagement.band_scale is
    'The bands of score_band as sorted arrays of thresholds and their codes.';

create table engagement.segment_definition (
    segment_name text not null,
    label text not null,
    description text not null default '',
    view_name text not null,
    constraint segment_definition_pkey primary key (segment_name),
    constraint segment_definition_form check (segment_name ~ '^[a-z][a-z0-9_]{0,39}$')
);
comment on table engagement.segment_definition is
    'Segments, see engagement.segment: a name for a view with the columns customer_id and '
    'segment_value. An organisation adds its own view and a row.';
comment on column engagement.segment_definition.segment_name is 'Name, e.g. most_active.';
comment on column engagement.segment_definition.label is 'Name that staff read.';
comment on column engagement.segment_definition.description is
    'Who is in it, and what its segment_value means.';
comment on column engagement.segment_definition.view_name is
    'View with customer_id (host_key) and segment_value (numeric, largest first).';

alter table engagement.customer_score add column ranked_type text;
comment on column engagement.customer_score.ranked_type is
    'Customer type among whom percentile ranks it; NULL: not ranked (inactive or gone).';
comment on column engagement.recalculation_run.phase is
    'PREPARE, TAKE, WHOLE, AWARDS, COLLECT, TOTALS, RANK, then DONE.';
comment on column engagement.recalculation_run.backend_started_at is
    'When that process began; where its role hides that, when it took the run.';

-- squawk-ignore ban-drop-constraint
alter table engagement.setup_change drop constraint setup_change_object_type;
alter table engagement.setup_change add constraint setup_change_object_type check (
    object_type in ('RULE', 'PARAMETER', 'BAND')
) not valid;  -- what is there already has satisfied a stricter one
comment on table engagement.setup_change is
    'Audit: every change of a rule, parameter or band, appended by their routines and triggers.';
comment on column engagement.setup_change.object_type is 'RULE, PARAMETER or BAND.';
comment on column engagement.setup_change.object_name is
    'rule_code, parameter_name or band_code.';
