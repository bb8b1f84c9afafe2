-- Rules for the sample association: a start to play with, to be applied once.

select engagement.add_rule(
    p_rule_code => 'EVENT_ATTENDANCE',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_class => 'EVENT',
    p_quantity_score => 10,
    p_valid_for_weeks => 104,
    p_description => '10 points for each place booked at an event, for two years');

select engagement.add_rule(
    p_rule_code => 'CONFERENCE',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_id => 'CONF',
    p_quantity_score => 15,
    p_valid_for_weeks => 52,
    p_description => '15 points more for the Annual Conference, for one year');

select engagement.add_rule(
    p_rule_code => 'LEARNING',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_class => 'TRAINING',
    p_quantity_score => 5,
    p_amount_score => 0.02,
    p_valid_for_weeks => 104,
    p_description => '5 points for each course or webinar and 1 for every 50 paid, for two years');

select engagement.add_rule(
    p_rule_code => 'PUBLICATIONS',
    p_category_code => 'PURCHASES_DONATIONS',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_subject_class => 'PUBLICATION',
    p_quantity_score => 2,
    p_amount_score => 0.05,
    p_valid_for_weeks => 52,
    p_description => '2 points for each copy and 1 for every 20 paid, for one year');

select engagement.add_rule(
    p_rule_code => 'MEMBERSHIP_RENEWAL',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_subject_class => 'MEMBERSHIP',
    p_flat_score => 25,
    p_valid_for_weeks => 56,
    p_description => '25 points for joining or renewing, for a year and a month of grace');

select engagement.add_rule(
    p_rule_code => 'DONATIONS',
    p_category_code => 'PURCHASES_DONATIONS',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_subject_class => 'DONATION',
    p_flat_score => 5,
    p_amount_score => 0.10,
    p_description => '5 points for each gift and 1 for every 10 given, for good');

select engagement.add_rule(
    p_rule_code => 'RECENT_PURCHASE',
    p_category_code => 'PURCHASES_DONATIONS',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_flat_score => 3,
    p_valid_for_weeks => 8,
    p_description => '3 points for a purchase of anything, for eight weeks');

select engagement.add_rule(
    p_rule_code => 'COMMITTEE_SEAT',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'COMMITTEE_PARTICIPATION',
    p_flat_score => 30,
    p_inactivity_steps => '{}',
    p_description => '30 points while on a committee');

select engagement.add_rule(
    p_rule_code => 'GOVERNANCE_SEAT',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'COMMITTEE_PARTICIPATION',
    p_subject_class => 'GOVERNANCE',
    p_flat_score => 20,
    p_inactivity_steps => '{}',
    p_description => '20 points more while on the board or one of its committees');

select engagement.add_rule(
    p_rule_code => 'CERTIFIED',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PROFILE',
    p_subject_id => 'CERTIFIED',
    p_flat_score => 15,
    p_inactivity_steps => '{}',
    p_description => '15 points while certified');

select engagement.add_rule(
    p_rule_code => 'COMPLETE_PROFILE',
    p_category_code => 'INVOLVEMENT',
    p_engagement_type => 'PROFILE',
    p_subject_id => 'COMPLETE_PROFILE',
    p_flat_score => 2,
    p_inactivity_steps => '{}',
    p_description => '2 points while the profile is complete');

insert into engagement.score_band (band_code, label, from_percentile)
values
('CHAMPION', 'Champion', 90),
('ENGAGED', 'Engaged', 60),
('OCCASIONAL', 'Occasional', 25),
('QUIET', 'Quiet', 0);
