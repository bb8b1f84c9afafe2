-- The pairs of activity and rule that a statement prices. The statement defines them itself, in a
-- CTE matched_in_hand. In the routines of a source that CTE replaces this view.
create or replace view engagement.matched_in_hand__template as
select
    null::engagement.host_key as customer_id,
    null::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    null::engagement.host_key as employer_id,
    null::timestamptz as effective_at,
    null::timestamptz as ended_at,
    null::text as subject_id,
    null::text as subject_class,
    null::numeric as quantity,
    null::numeric as amount,
    null::jsonb as reversals,
    null::integer as rule_id,
    null::numeric as flat_score,
    null::numeric as quantity_score,
    null::numeric as amount_score,
    null::integer as valid_for_weeks,
    null::boolean as is_scorable
where false;

comment on view engagement.matched_in_hand__template is
'Template: the pairs of activity and rule that a statement defines in a CTE matched_in_hand.';
comment on column engagement.matched_in_hand__template.customer_id is 'Who acted.';
comment on column engagement.matched_in_hand__template.source_id is 'See activity__template.';
comment on column engagement.matched_in_hand__template.document_id is 'See activity__template.';
comment on column engagement.matched_in_hand__template.employer_id is
'The company that the points roll up to; NULL: none.';
comment on column engagement.matched_in_hand__template.effective_at is
'When the activity takes place.';
comment on column engagement.matched_in_hand__template.ended_at is 'See activity__template.';
comment on column engagement.matched_in_hand__template.subject_id is 'See activity__template.';
comment on column engagement.matched_in_hand__template.subject_class is 'See activity__template.';
comment on column engagement.matched_in_hand__template.quantity is
'Pieces, less what was taken back.';
comment on column engagement.matched_in_hand__template.amount is 'Money, less what was taken back.';
comment on column engagement.matched_in_hand__template.reversals is
'What was taken back; NULL: nothing.';
comment on column engagement.matched_in_hand__template.rule_id is 'The rule, see score_rule.';
comment on column engagement.matched_in_hand__template.flat_score is 'Points for an activity.';
comment on column engagement.matched_in_hand__template.quantity_score is 'Points per piece.';
comment on column engagement.matched_in_hand__template.amount_score is 'Points per unit of money.';
comment on column engagement.matched_in_hand__template.valid_for_weeks is
'Number of weeks that its awards count; NULL: no limit.';
comment on column engagement.matched_in_hand__template.is_scorable is
'Whether all its numbers can be reckoned with, see is_scorable.';
