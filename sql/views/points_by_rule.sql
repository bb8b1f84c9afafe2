-- What matters most, for everybody. engagement.points_by is the form for a segment, company or
-- period.
create or replace view engagement.points_by_rule as
select
    b.dimension_key as rule_code,
    b.label as description,
    b.points,
    b.counting_points,
    b.award_count,
    b.customer_count
from engagement.points_by('RULE') as b;

comment on view engagement.points_by_rule is
'Points of live awards until the last run, by rule.';
comment on column engagement.points_by_rule.rule_code is 'Code of the rule, all versions.';
comment on column engagement.points_by_rule.description is 'Its description.';
comment on column engagement.points_by_rule.points is 'Points earned, expired ones included.';
comment on column engagement.points_by_rule.counting_points is 'Points that still count.';
comment on column engagement.points_by_rule.award_count is 'Awards.';
comment on column engagement.points_by_rule.customer_count is 'Customers who earned points.';
