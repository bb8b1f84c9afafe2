-- What matters most, for everybody. engagement.points_by is the form for a segment, company or
-- period.
create or replace view engagement.points_by_category as
select
    b.dimension_key as category_code,
    b.label as category_name,
    b.points,
    b.counting_points,
    b.award_count,
    b.customer_count
from engagement.points_by('CATEGORY') as b;

comment on view engagement.points_by_category is
'Points of live awards until the last run, by category.';
comment on column engagement.points_by_category.category_code is 'The category.';
comment on column engagement.points_by_category.category_name is 'Its name.';
comment on column engagement.points_by_category.points is 'Points earned, expired ones included.';
comment on column engagement.points_by_category.counting_points is 'Points that still count.';
comment on column engagement.points_by_category.award_count is 'Awards.';
comment on column engagement.points_by_category.customer_count is 'Customers who earned points.';
