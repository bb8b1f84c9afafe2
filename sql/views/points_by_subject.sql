-- What matters most, for everybody. engagement.points_by is the form for a segment, company or
-- period.
create or replace view engagement.points_by_subject as
select
    b.dimension_key as subject_id,
    b.label as display_name,
    b.points,
    b.counting_points,
    b.award_count,
    b.customer_count
from engagement.points_by('SUBJECT') as b;

comment on view engagement.points_by_subject is
'Points of live awards until the last run, by product or committee.';
comment on column engagement.points_by_subject.subject_id is 'Product or committee; NULL: none.';
comment on column engagement.points_by_subject.display_name is 'Its name, as the host has it.';
comment on column engagement.points_by_subject.points is 'Points earned, expired ones included.';
comment on column engagement.points_by_subject.counting_points is 'Points that still count.';
comment on column engagement.points_by_subject.award_count is 'Awards.';
comment on column engagement.points_by_subject.customer_count is 'Customers who earned points.';
