-- Internal. Makes the rule that awards adjustments of a category, unless there is one: the points
-- themselves, whatever inactivity leaves of the category.
-- Reads: score_rule. Writes: through add_rule. Raises: EG005.
create or replace function engagement.make_adjustment_rule(p_category_code text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_code text := 'ADJUSTMENT_' || p_category_code;
begin
    perform engagement.check_category(p_category_code);
    if not exists (select from engagement.score_rule r where r.rule_code = v_code) then
        perform engagement.lock_setup();
        if not exists (select from engagement.score_rule r where r.rule_code = v_code) then
            perform engagement.add_rule(
                p_rule_code => v_code, p_category_code => p_category_code,
                p_engagement_type => 'CATEGORY_ADJUSTMENT', p_subject_class => p_category_code,
                p_amount_score => 1, p_description => 'Adjusted by staff',
                p_inactivity_steps => '{}');
        end if;
    end if;
end
$$;
comment on function engagement.make_adjustment_rule(text) is
    'Internal: makes the rule for adjustments of a category, if there is none. Raises EG005 for an '
    'unknown category.';
