-- Two columns of state of a run.
alter table engagement.recalculation_run add column taken_at timestamptz;
comment on column engagement.recalculation_run.taken_at is
    'When it took the queue: what rules and parameters were then is what it derived by. NULL: not '
    'yet, or a change of rules or parameters was under way, which the next run takes.';

alter table engagement.recalculation_run add column batch_size integer;
comment on column engagement.recalculation_run.batch_size is
    'Rows of the next batch, so that a batch takes about a quarter of a second; NULL: not measured '
    'yet.';
comment on column engagement.recalculation_run.phase is
    'PREPARE, TAKE, WHOLE, AWARDS, COLLECT, TOTALS, RANK, BANDS, then DONE.';

alter table engagement.recalculation_customer add column is_busy boolean not null default false;
comment on column engagement.recalculation_customer.is_busy is
    'True: another session held the customer''s row; the run comes back to it after all others.';

create table engagement.recalculation_rank (
    customer_id engagement.host_key not null,
    score numeric not null,
    percentile integer,
    band_code text,
    ranked_type text,
    is_crossing boolean not null default true,
    is_busy boolean not null default false,
    constraint recalculation_rank_pkey primary key (customer_id)
);
comment on table engagement.recalculation_rank is
    'Work of the run: customers whose percentile or band has changed, or was not told of.';
comment on column engagement.recalculation_rank.customer_id is 'The customer.';
comment on column engagement.recalculation_rank.score is
    'The score that was ranked; where the customer has another by now, nothing is written.';
comment on column engagement.recalculation_rank.percentile is 'As customer_score.percentile.';
comment on column engagement.recalculation_rank.band_code is 'As customer_score.band_code.';
comment on column engagement.recalculation_rank.ranked_type is 'As customer_score.ranked_type.';
comment on column engagement.recalculation_rank.is_crossing is
    'True: the band is another than was told last.';
comment on column engagement.recalculation_rank.is_busy is 'As recalculation_customer.is_busy.';
