-- The documented categories; an organisation adds its own rows.
insert into engagement.category (category_code, category_name, sort_order)
values
('INVOLVEMENT', 'Involvement', 10),
('PURCHASES_DONATIONS', 'Purchases and donations', 20),
('SOCIAL_COMMUNITY', 'Social community', 30),
('ADJUSTMENT', 'Adjustment', 90)
on conflict (category_code) do nothing;
