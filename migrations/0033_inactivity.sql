-- Points may fade with the time since the customer's last activity of their category.
alter table engagement.score_rule add column inactivity_steps integer[];
alter table engagement.score_rule add constraint score_rule_inactivity_steps check (
    cardinality(inactivity_steps) = 0
    or (array_ndims(inactivity_steps) = 2 and array_length(inactivity_steps, 2) = 2)
) not valid;  -- nothing is there yet
comment on column engagement.score_rule.inactivity_steps is
    'Pairs of whole months without activity in the category and percent of the points that count '
    'from then on, e.g. {{12,75},{24,50},{36,0}}; empty: never fewer; NULL: as its category says.';
alter table engagement.category add column inactivity_steps integer[];
alter table engagement.category add constraint category_inactivity_steps check (
    array_ndims(inactivity_steps) = 2 and array_length(inactivity_steps, 2) = 2
) not valid;  -- nothing is there yet
comment on column engagement.category.inactivity_steps is
    'Pairs of whole months without activity in the category and percent of the points that count '
    'from then on, e.g. {{12,75},{24,50},{36,0}}, for rules that say nothing else; NULL: always '
    'all.';
