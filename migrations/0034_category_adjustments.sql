-- An adjustment may be of a category, and may have set it to a number of points.
alter table engagement.score_adjustment add column category_code text;
alter table engagement.score_adjustment add column set_to numeric;
alter table engagement.score_adjustment add constraint score_adjustment_set_to check (
    set_to is null or (category_code is not null and set_to not in ('NaN', 'Infinity', '-Infinity'))
) not valid;  -- nothing is there yet
comment on column engagement.score_adjustment.category_code is
    'The category that the points are given in; NULL: that of the rule ADJUSTMENT.';
comment on column engagement.score_adjustment.set_to is
    'What the category was set to; points is the difference that this made. NULL: the points were '
    'given or taken.';
comment on column engagement.score_adjustment.points is
    'Points, times amount_score of the rule: ADJUSTMENT, or ADJUSTMENT_ and the category.';
