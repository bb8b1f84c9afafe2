-- Internal. Makes the rule that awards adjustments of a category, unless there is one: the points
-- themselves, whatever inactivity leaves of the category. A rule that has been retired or turned
-- into another stays as it is, and then nothing would come of an adjustment.
-- Reads: score_rule. Writes: through add_rule. Raises: EG004, EG005.
create or replace function engagement.make_adjustment_rule(p_category_code text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_code text := 'ADJUSTMENT_' || p_category_code;
    v_now timestamptz := clock_timestamp();
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
    if not exists (
        select from engagement.score_rule r
        where r.engagement_type = 'CATEGORY_ADJUSTMENT' and r.category_code = p_category_code
              and (r.subject_class is null or r.subject_class = p_category_code)
              and r.is_applied and (r.flat_score, r.amount_score) <> (0, 0)
              and (r.applies_from is null or r.applies_from <= v_now)
              and (r.applies_until is null or r.applies_until > v_now)
    ) then
        raise exception 'no rule awards adjustments of the category'
            using errcode = 'EG004', detail = format('category %s, rule %s', p_category_code, v_code),
                  hint = format('select engagement.revise_rule(%L, %L) brings a retired rule back; '
                                'or add one of the engagement type CATEGORY_ADJUSTMENT.', v_code,
                                '{"amount_score": 1}');
    end if;
end
$$;
comment on function engagement.make_adjustment_rule(text) is
    'Internal: makes the rule for adjustments of a category, if there is none. Raises EG004 if no '
    'rule in force awards them, EG005 for an unknown category.';
