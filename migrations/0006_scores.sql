-- What people read, and the state of the run that keeps it.
create table engagement.customer_score (
    customer_id engagement.host_key not null,
    own_score numeric not null default 0,
    employee_score numeric not null default 0,
    score numeric not null default 0,
    ytd_score numeric not null default 0,
    overview_score numeric not null default 0,
    employee_ytd_score numeric not null default 0,
    employee_overview_score numeric not null default 0,
    percentile integer,
    band_code text,
    previous_score numeric,
    changed_at timestamptz,
    raised_at timestamptz,
    calculated_at timestamptz not null,
    next_change_at timestamptz,
    constraint customer_score_pkey primary key (customer_id)
);
comment on table engagement.customer_score is
    'The score of every customer, as of calculated_at. Points.';
comment on column engagement.customer_score.customer_id is 'The customer.';
comment on column engagement.customer_score.own_score is
    'Sum of the customer''s awards that count.';
comment on column engagement.customer_score.employee_score is
    'Company: sum of other people''s awards that count and carry it as employer; else 0.';
comment on column engagement.customer_score.score is 'own_score + employee_score.';
comment on column engagement.customer_score.ytd_score is
    'Own awards that became effective this year (from YTD_START_MONTH), expired or not.';
comment on column engagement.customer_score.overview_score is
    'Own awards that became effective since 1 January OVERVIEW_YEARS ago, expired or not.';
comment on column engagement.customer_score.employee_ytd_score is 'As ytd_score, of the employees.';
comment on column engagement.customer_score.employee_overview_score is
    'As overview_score, of the employees.';
comment on column engagement.customer_score.percentile is
    'Rank from 0 to 99 among active customers of the same type; NULL: not ranked.';
comment on column engagement.customer_score.band_code is 'Band of the score; NULL: none.';
comment on column engagement.customer_score.previous_score is
    'Score before its last change; NULL: never changed.';
comment on column engagement.customer_score.changed_at is
    'When score last changed (calculated_at of that run).';
comment on column engagement.customer_score.raised_at is
    'When score last rose (calculated_at of that run).';
comment on column engagement.customer_score.calculated_at is
    'The instant that the row was computed for.';
comment on column engagement.customer_score.next_change_at is
    'Next instant at which time alone changes the row; NULL: none.';

create table engagement.category_score (
    customer_id engagement.host_key not null,
    category_code text not null,
    score numeric not null,
    ytd_score numeric not null,
    overview_score numeric not null,
    constraint category_score_pkey primary key (customer_id, category_code)
);
comment on table engagement.category_score is
    'Own points of a customer by category; no row for a category without a live award.';
comment on column engagement.category_score.customer_id is 'The customer.';
comment on column engagement.category_score.category_code is 'The category.';
comment on column engagement.category_score.score is
    'Points that count at customer_score.calculated_at.';
comment on column engagement.category_score.ytd_score is 'As customer_score.ytd_score.';
comment on column engagement.category_score.overview_score is 'As customer_score.overview_score.';

create table engagement.recalculation_run (
    run_id integer not null,
    run_mode text not null,
    as_of timestamptz not null,
    run_status text not null,
    phase text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    backend_pid integer not null,
    backend_started_at timestamptz not null,
    done_count bigint not null default 0,
    total_count bigint not null default 0,
    award_count bigint not null default 0,
    void_count bigint not null default 0,
    score_count bigint not null default 0,
    failure_count bigint not null default 0,
    failed_sources text[] not null default '{}',
    constraint recalculation_run_pkey primary key (run_id),
    constraint recalculation_run_mode check (run_mode in ('INCREMENTAL', 'FULL', 'ROLL_UP')),
    constraint recalculation_run_status check (run_status in ('RUNNING', 'COMPLETED'))
);
comment on table engagement.recalculation_run is
    'Runs of recalculate and roll_up_employers; one may be RUNNING.';
comment on column engagement.recalculation_run.run_id is 'Number of the run.';
comment on column engagement.recalculation_run.run_mode is 'INCREMENTAL, FULL or ROLL_UP.';
comment on column engagement.recalculation_run.as_of is 'The instant that scores are computed for.';
comment on column engagement.recalculation_run.run_status is
    'RUNNING (also after a crash, until resumed) or COMPLETED.';
comment on column engagement.recalculation_run.phase is
    'PREPARE, TAKE, WHOLE, AWARDS, COLLECT, TOTALS, then DONE.';
comment on column engagement.recalculation_run.started_at is
    'When it began; recorded_at of what it awards.';
comment on column engagement.recalculation_run.finished_at is 'When it ended; NULL: not yet.';
comment on column engagement.recalculation_run.backend_pid is 'The server process that runs it.';
comment on column engagement.recalculation_run.backend_started_at is 'When that process began.';
comment on column engagement.recalculation_run.done_count is
    'Done of the current phase (activities or customers).';
comment on column engagement.recalculation_run.total_count is 'To do in the current phase.';
comment on column engagement.recalculation_run.award_count is 'Awards made.';
comment on column engagement.recalculation_run.void_count is 'Awards voided.';
comment on column engagement.recalculation_run.score_count is 'Rows of customer_score written.';
comment on column engagement.recalculation_run.failure_count is
    'Open rows of scoring_failure when it ended.';
comment on column engagement.recalculation_run.failed_sources is
    'Sources that could not be read; their work waits for the next run.';

create table engagement.recalculation_source (
    source text not null,
    constraint recalculation_source_pkey primary key (source)
);
comment on table engagement.recalculation_source is
    'Work of the run: sources to compare as a whole.';
comment on column engagement.recalculation_source.source is 'The source.';

create table engagement.recalculation_key (
    source text not null,
    source_id engagement.host_key not null,
    constraint recalculation_key_pkey primary key (source, source_id)
);
comment on table engagement.recalculation_key is
    'Work of the run: activities to re-derive, taken from the queue.';
comment on column engagement.recalculation_key.source is 'The source.';
comment on column engagement.recalculation_key.source_id is 'The activity.';

create table engagement.recalculation_customer (
    customer_id engagement.host_key not null,
    is_touched boolean not null,
    constraint recalculation_customer_pkey primary key (customer_id)
);
comment on table engagement.recalculation_customer is
    'Work of the run: customers whose totals may have changed.';
comment on column engagement.recalculation_customer.customer_id is 'The customer.';
comment on column engagement.recalculation_customer.is_touched is
    'True: awards or parameters behind the totals have changed, so the row is computed for the '
    'run''s as_of even if its numbers stay; false: it is written only if they do not.';

-- One line of totals on its way from the sums to the tables.
create type engagement.period_total as (
    customer_id engagement.host_key,
    category_code text,
    score numeric,
    ytd_score numeric,
    overview_score numeric,
    next_change_at timestamptz
);
comment on type engagement.period_total is
    'Points of a customer (by category, or NULL for employees'' points): at an instant, year to '
    'date, overview, and when time alone changes them next.';
