-- A category may be ranked and banded as the total is.
alter table engagement.category add column is_ranked boolean not null default false;
comment on column engagement.category.is_ranked is
    'True: customers have a percentile in this category. A category with bands is ranked anyway.';

alter table engagement.category_score add column percentile integer;
comment on column engagement.category_score.percentile is
    'Rank from 0 to 99 of score + employee_score among active customers of the same type, with 0 '
    'points for those without a row; NULL: not ranked.';
alter table engagement.category_score add column band_code text;
comment on column engagement.category_score.band_code is
    'Band of score + employee_score in this category; NULL: none.';
alter table engagement.category_score add column announced_band text;
comment on column engagement.category_score.announced_band is
    'Band that was announced last by an event; NULL: none. The row stays as long as there is one.';

create table engagement.category_percentile (
    category_code text not null,
    customer_type text not null,
    percentile integer not null,
    from_score numeric not null,
    constraint category_percentile_pkey primary key (category_code, customer_type, percentile)
);
comment on table engagement.category_percentile is
    'Which points of a category have which percentile, as the last run ranked; refreshes go by it.';
comment on column engagement.category_percentile.category_code is 'The category.';
comment on column engagement.category_percentile.customer_type is
    'INDIVIDUAL or COMPANY: who was ranked among each other.';
comment on column engagement.category_percentile.percentile is
    '0 to 99; only those that somebody had.';
comment on column engagement.category_percentile.from_score is 'The lowest points that had it.';

alter table engagement.score_band add column category_code text;
comment on column engagement.score_band.category_code is
    'Category whose points it bands; NULL: the total.';
-- squawk-ignore ban-drop-constraint
alter table engagement.score_band drop constraint score_band_from_score_key;
-- squawk-ignore ban-drop-constraint
alter table engagement.score_band drop constraint score_band_from_percentile_key;
-- The table is tiny, and the migration is one transaction.
-- squawk-ignore require-concurrent-index-creation
create unique index score_band_from_score
on engagement.score_band ((coalesce(category_code, '')), from_score);
-- squawk-ignore require-concurrent-index-creation
create unique index score_band_from_percentile
on engagement.score_band ((coalesce(category_code, '')), from_percentile);

alter table engagement.score_event add column category_code text;
comment on column engagement.score_event.category_code is
    'Category of the bands, the score and the percentile; NULL: the total.';

-- Work of a run that died is found anew.
delete from engagement.recalculation_rank where true;
alter table engagement.recalculation_rank add column category_code text not null default '';
comment on column engagement.recalculation_rank.category_code is
    'The category that was ranked; empty: the total.';
-- squawk-ignore ban-drop-constraint
alter table engagement.recalculation_rank drop constraint recalculation_rank_pkey;
-- squawk-ignore adding-serial-primary-key-field, constraint-missing-not-valid
alter table engagement.recalculation_rank add constraint recalculation_rank_pkey
primary key (customer_id, category_code);
