-- The segments that come with the package; an organisation adds its own rows. A deployment updates
-- the package's rows.
insert into engagement.segment_definition (segment_name, label, description, view_name)
values
('most_active', 'Most active',
 'Top tenth of their type by score', 'engagement.segment_most_active'),
('newly_active', 'Newly active',
 'Points earned recently, none in the year before', 'engagement.segment_newly_active'),
('rising', 'Rising',
 'Score raised recently by activity; by how much', 'engagement.segment_rising'),
('falling', 'Falling',
 'Score lower than recently; by how much', 'engagement.segment_falling'),
('dormant', 'Dormant',
 'No points earned for a year, no seat on a committee; days since', 'engagement.segment_dormant'),
('potential_donors', 'Potential donors',
 'More points for purchases and donations than the year before; how many more',
 'engagement.segment_potential_donors'),
('award_candidates', 'Award candidates',
 'Top tenth in several categories; in how many', 'engagement.segment_award_candidates')
on conflict (segment_name) do update
set label = excluded.label, description = excluded.description, view_name = excluded.view_name
where (segment_definition.label, segment_definition.description, segment_definition.view_name)
      is distinct from (excluded.label, excluded.description, excluded.view_name);
