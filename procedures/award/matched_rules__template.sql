-- Internal. Template: the rules of a whole source, found once for each pair of subject and class.
-- The result is an array, because every parallel worker of the statement that joins it can read an
-- array. If a subject appears between the two statements, its activities are in the queue.
-- Definer: the host's views run as the package's owner.
-- Reads: the view, score_rule.
create or replace function engagement.matched_rules__template(
    p_rules engagement.score_rule[] default null
)
returns engagement.matched_rule[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    v_rules engagement.score_rule[] := p_rules;
begin
    if v_rules is null then
        v_rules := array(
            select row(r.*)::engagement.score_rule
            from engagement.score_rule r
            where r.is_applied and r.engagement_type = 'TEMPLATE_TYPE'
                  and r.effective_when = 'TEMPLATE_WHEN');
    end if;
    return array(
        -- Materialized: a planner that expects one rule would read the source for each of them.
        with subject as materialized (
            select distinct v.subject_id::text as subject_id,
                   v.subject_class::text as subject_class
            from engagement.activity__template v
        )
        select row(engagement.subject_pair(s.subject_id, s.subject_class), r.rule_id, r.flat_score,
                   r.quantity_score, r.amount_score, r.valid_for_weeks, r.applies_from,
                   r.applies_until,
                   engagement.is_scorable(r.flat_score, r.quantity_score, r.amount_score)
                   )::engagement.matched_rule
        from subject s
        inner join unnest(v_rules) r
            on r.engagement_type = 'TEMPLATE_TYPE' and r.effective_when = 'TEMPLATE_WHEN'
               and r.subject_key = any (array['', '=' || s.subject_id])
               and r.class_key = any (array['', '=' || s.subject_class])
               -- The documented multiplier: 0 or less awards nothing.
               and ('template' <> 'social_score' or r.rule_code <> 'SOCIAL_SCORE'
                    or r.amount_score > 0));
end
$$;
comment on function engagement.matched_rules__template(engagement.score_rule[]) is
    'Internal: template: the given rules (NULL: those applied now), each with the subjects of the '
    'source that it scores.';
