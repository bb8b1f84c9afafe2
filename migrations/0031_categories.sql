-- A category may be a score of its own. An organisation says what of it counts in the total.
alter table engagement.category add column counts_in_total boolean not null default true;
comment on column engagement.category.counts_in_total is
    'False: the category is shown and ranked, but its points are not in the score of a customer, '
    'nor in that of their company.';
alter table engagement.category add column cap_points numeric;
comment on column engagement.category.cap_points is
    'Most of a customer''s own points of this category that count in the total, at any instant; '
    'NULL: all. The category itself shows all of them.';
alter table engagement.category add constraint category_cap_points check (
    cap_points >= 0 and cap_points not in ('NaN', 'Infinity')
) not valid;  -- nothing is there yet

alter table engagement.category_score add column employee_score numeric not null default 0;
comment on column engagement.category_score.employee_score is
    'Company: points of its people in this category, as in customer_score.employee_score. 0 as '
    'long as no category is ranked, has bands, has a cap or is not in the total: score_card sums '
    'them by itself.';
comment on column engagement.category_score.score is
    'Own points that count at customer_score.calculated_at, before the category''s cap.';
comment on table engagement.category_score is
    'Points of a customer by category: a row for a category with a live award, or with points of '
    'employees.';
comment on column engagement.customer_score.own_score is
    'Sum of the customer''s awards that count, as far as their categories count in the total.';
comment on column engagement.customer_score.employee_score is
    'Company: sum of other people''s awards that count and carry it as employer, of the categories '
    'that count in the total; else 0.';
comment on column engagement.customer_score.score is
    'own_score + employee_score, not below SCORE_FLOOR and not above TOTAL_CAP.';
comment on column engagement.customer_score.ytd_score is
    'Own awards that became effective this year (from YTD_START_MONTH), expired or not, of the '
    'categories that count in the total.';
comment on column engagement.customer_score.overview_score is
    'Own awards that became effective since 1 January OVERVIEW_YEARS ago, expired or not, of the '
    'categories that count in the total.';
comment on column engagement.app_parameter.value_type is
    'Grammar of the value: choices separated by |, integer LOW..HIGH, number or NONE, time zone, '
    'or locale.';

comment on table engagement.category is
    'The parts a score is broken down into, each a score of its own. Change what counts by '
    'set_category only: it checks and audits, and the next run sums everybody.';

-- squawk-ignore ban-drop-constraint
alter table engagement.setup_change drop constraint setup_change_object_type;
alter table engagement.setup_change add constraint setup_change_object_type check (
    object_type in ('RULE', 'PARAMETER', 'BAND', 'CATEGORY')
) not valid;  -- what is there already has satisfied a stricter one
comment on table engagement.setup_change is
    'Audit: every change of a rule, parameter, band or category, appended by their routines and '
    'triggers.';
comment on column engagement.setup_change.object_type is 'RULE, PARAMETER, BAND or CATEGORY.';
comment on column engagement.setup_change.object_name is
    'rule_code, parameter_name, band_code or category_code.';
