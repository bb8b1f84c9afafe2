-- The rules that a statement over a whole source applies, each with the subjects that it scores.
-- The statement defines them itself, in a CTE rule_in_hand. In the routines of a source that CTE
-- replaces this view.
create or replace view engagement.rule_in_hand__template as
select
    r.pair_key,
    r.rule_id,
    r.flat_score,
    r.quantity_score,
    r.amount_score,
    r.valid_for_weeks,
    r.applies_from,
    r.applies_until,
    r.is_scorable
from unnest('{}'::engagement.matched_rule[]) as r;

comment on view engagement.rule_in_hand__template is
'Template: the rules that a statement over a whole source defines in a CTE rule_in_hand.';
comment on column engagement.rule_in_hand__template.pair_key is
'The subject and class that the rule scores, see subject_pair.';
comment on column engagement.rule_in_hand__template.rule_id is 'The rule, see score_rule.';
comment on column engagement.rule_in_hand__template.flat_score is 'Points for an activity.';
comment on column engagement.rule_in_hand__template.quantity_score is 'Points per piece.';
comment on column engagement.rule_in_hand__template.amount_score is 'Points per unit of money.';
comment on column engagement.rule_in_hand__template.valid_for_weeks is
'Number of weeks that its awards count; NULL: no limit.';
comment on column engagement.rule_in_hand__template.applies_from is
'Activities from this instant on; NULL: any.';
comment on column engagement.rule_in_hand__template.applies_until is
'Activities before this instant; NULL: any.';
comment on column engagement.rule_in_hand__template.is_scorable is
'Whether its scores are finite and small enough, see is_scorable.';
