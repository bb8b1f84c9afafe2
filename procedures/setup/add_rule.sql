-- API. Adds the first version of a score rule. Definer, so that rules change only through routines.
-- Writes: score_rule, setup_change, pending_activity. Locks: the setup lock.
-- Raises: EG004, EG005, EG010.
create or replace function engagement.add_rule(
    p_rule_code text,
    p_category_code text,
    p_engagement_type text,
    p_effective_when text default null,
    p_subject_id text default null,
    p_subject_class text default null,
    p_flat_score numeric default null,
    p_quantity_score numeric default null,
    p_amount_score numeric default null,
    p_valid_for_weeks integer default null,
    p_description text default null,
    p_applies_from timestamptz default null,
    p_applies_until timestamptz default null,
    p_cap_points numeric default null,
    p_cap_period text default null,
    p_half_life_weeks integer default null,
    p_inactivity_steps integer[] default null
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_rule engagement.score_rule;
begin
    perform engagement.lock_setup();
    if exists (select 1 from engagement.score_rule r where r.rule_code = p_rule_code) then
        raise exception 'rule code already exists'
            using errcode = 'EG010', detail = format('rule %L', p_rule_code),
                  hint = 'engagement.revise_rule makes a new version of it.';
    end if;
    v_rule.rule_code := p_rule_code;
    v_rule.version := 1;
    v_rule.description := coalesce(p_description, '');
    v_rule.category_code := p_category_code;
    v_rule.engagement_type := p_engagement_type;
    v_rule.effective_when := p_effective_when;
    v_rule.subject_id := p_subject_id;
    v_rule.subject_class := p_subject_class;
    v_rule.flat_score := coalesce(p_flat_score, 0);
    v_rule.quantity_score := coalesce(p_quantity_score, 0);
    v_rule.amount_score := coalesce(p_amount_score, 0);
    v_rule.valid_for_weeks := p_valid_for_weeks;
    v_rule.applies_from := p_applies_from;
    v_rule.applies_until := p_applies_until;
    v_rule.cap_points := p_cap_points;
    v_rule.cap_period := p_cap_period;
    v_rule.half_life_weeks := p_half_life_weeks;
    v_rule.inactivity_steps := p_inactivity_steps;
    v_rule.is_active := true;
    v_rule.is_applied := true;
    return engagement.store_rule(v_rule, null);
end
$$;
comment on function engagement.add_rule(
    text, text, text, text, text, text, numeric, numeric, numeric, integer, text, timestamptz,
    timestamptz, numeric, text, integer, integer[]
) is
    'Adds a score rule and returns its id. Points: flat × sign + quantity_score × quantity + '
    'amount_score × amount; at most cap_points per customer and cap_period (DAY, WEEK, MONTH, '
    'YEAR, EVER); halved every half_life_weeks; p_inactivity_steps: see '
    'score_rule.inactivity_steps. The next run scores by it. Raises EG004 '
    '(bad value), EG005 (unknown category, type, effective-when), EG010 (exists).';
