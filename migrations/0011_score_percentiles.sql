-- A refresh ranks its customer in the time of one look-up, however many customers there are: by the
-- thresholds of the last run, instead of counting who is below.
create table engagement.score_percentile (
    customer_type text not null,
    percentile integer not null,
    from_score numeric not null,
    constraint score_percentile_pkey primary key (customer_type, percentile)
);
comment on table engagement.score_percentile is
    'Which score has which percentile, as the last run ranked; refreshes go by it.';
comment on column engagement.score_percentile.customer_type is
    'INDIVIDUAL or COMPANY: who was ranked among each other.';
comment on column engagement.score_percentile.percentile is
    '0 to 99; only those that somebody had.';
comment on column engagement.score_percentile.from_score is 'The lowest score that had it.';

-- It served the counting. (In the deployment's transaction, so not concurrently.)
-- squawk-ignore require-concurrent-index-deletion
drop index if exists engagement.customer_score_rank;
