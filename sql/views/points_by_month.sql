-- What matters most, for everybody. engagement.points_by is the form for a segment, company or
-- period.
create or replace view engagement.points_by_month as
select
    (b.dimension_key || '-01')::date as month_on,
    b.points,
    b.counting_points,
    b.award_count,
    b.customer_count
from engagement.points_by('MONTH') as b;

comment on view engagement.points_by_month is
'Points of live awards until the last run, by month in which they became effective.';
comment on column engagement.points_by_month.month_on is 'First day of the month, in TIME_ZONE.';
comment on column engagement.points_by_month.points is 'Points earned, expired ones included.';
comment on column engagement.points_by_month.counting_points is 'Points that still count.';
comment on column engagement.points_by_month.award_count is 'Awards.';
comment on column engagement.points_by_month.customer_count is 'Customers who earned points.';
