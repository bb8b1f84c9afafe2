-- The documented engagement types; an organisation adds its own rows.
insert into engagement.engagement_type (engagement_type, type_name, needs_effective_when)
values
('PRODUCT_PURCHASE', 'Product purchase', true),
('COMMITTEE_PARTICIPATION', 'Committee participation', false),
('SOCIAL_COMMUNITY', 'Social community', false),
('PROFILE', 'Profile', false),
('ADJUSTMENT', 'Adjustment', false),
('CATEGORY_ADJUSTMENT', 'Adjustment of a category', false)
on conflict (engagement_type) do nothing;
