-- Internal. Checks, stores and audits a version of a rule, and queues the sources that it may
-- score.
-- Reads: category, engagement_type. Writes: score_rule, setup_change, pending_activity.
-- Raises: EG004, EG005.
create or replace function engagement.store_rule(p_rule engagement.score_rule,
                                                 p_old engagement.score_rule)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_rule engagement.score_rule := p_rule;
    v_needs_effective_when boolean;
    v_what text := format('rule %L', p_rule.rule_code);
begin
    if v_rule.rule_code is null or v_rule.rule_code !~ '^[A-Z][A-Z0-9_]{0,59}$' then
        raise exception 'rule code is not valid'
            using errcode = 'EG004', detail = v_what,
                  hint = 'Use at most 60 capital letters, digits and _. Begin with a letter.';
    end if;
    if not exists (select 1 from engagement.category c where c.category_code = v_rule.category_code)
    then
        raise exception 'unknown category'
            using errcode = 'EG005',
                  detail = format('%s, category %L', v_what, v_rule.category_code),
                  hint = 'select * from engagement.category lists them; an organisation adds its '
                         'own rows.';
    end if;
    select t.needs_effective_when into v_needs_effective_when
    from engagement.engagement_type t
    where t.engagement_type = v_rule.engagement_type;
    if not found then
        raise exception 'unknown engagement type'
            using errcode = 'EG005',
                  detail = format('%s, engagement type %L', v_what, v_rule.engagement_type),
                  hint = 'select * from engagement.engagement_type lists them; an organisation '
                         'adds its own rows.';
    end if;
    if v_rule.effective_when not in ('ORDER_CREATION', 'INVOICE_CREATION')
       or (v_needs_effective_when and v_rule.effective_when is null) then
        raise exception 'effective-when is not valid'
            using errcode = 'EG005',
                  detail = format('%s, engagement type %s, effective_when %L',
                                  v_what, v_rule.engagement_type, v_rule.effective_when),
                  hint = 'Use ORDER_CREATION or INVOICE_CREATION.';
    end if;
    if v_rule.valid_for_weeks not between 1 and 100000
       or v_rule.half_life_weeks not between 1 and 100000 then
        raise exception 'number of weeks is out of range'
            using errcode = 'EG004',
                  detail = format('%s, valid_for_weeks %s, half_life_weeks %s', v_what,
                                  coalesce(v_rule.valid_for_weeks::text, 'NULL'),
                                  coalesce(v_rule.half_life_weeks::text, 'NULL')),
                  hint = 'Use 1 to 100000, or NULL for points that never expire or fade.';
    end if;
    perform engagement.check_steps(v_rule.inactivity_steps, v_what);
    if (v_rule.cap_points is null) <> (v_rule.cap_period is null)
       or not (v_rule.cap_points > 0)
       or v_rule.cap_points in ('NaN', 'Infinity')
       or v_rule.cap_period not in ('DAY', 'WEEK', 'MONTH', 'YEAR', 'EVER') then
        raise exception 'cap is not valid'
            using errcode = 'EG004',
                  detail = format('%s, cap_points %s, cap_period %s', v_what,
                                  coalesce(v_rule.cap_points::text, 'NULL'),
                                  coalesce(v_rule.cap_period, 'NULL')),
                  hint = 'Give points above 0 and DAY, WEEK, MONTH, YEAR or EVER; or neither.';
    end if;
    if v_rule.applies_from >= v_rule.applies_until then
        raise exception 'range ends before it begins'
            using errcode = 'EG004',
                  detail = format('%s, applies from %s until %s', v_what, v_rule.applies_from,
                                  v_rule.applies_until),
                  hint = 'applies_until must be later than applies_from.';
    end if;
    if exists (
        select from unnest(array[v_rule.flat_score, v_rule.quantity_score,
                                 v_rule.amount_score]) s (score)
        where s.score is null or s.score in ('NaN', 'Infinity', '-Infinity')
    ) then
        raise exception 'score is not a finite number'
            using errcode = 'EG004',
                  detail = format('%s, flat %s, quantity %s, amount %s',
                                  v_what, v_rule.flat_score, v_rule.quantity_score,
                                  v_rule.amount_score),
                  hint = 'Use finite numbers.';
    end if;
    select coalesce(max(r.rule_id), 0) + 1 into v_rule.rule_id from engagement.score_rule r;
    insert into engagement.score_rule (
        rule_id, rule_code, version, description, category_code, engagement_type, effective_when,
        subject_id, subject_class, flat_score, quantity_score, amount_score, valid_for_weeks,
        applies_from, applies_until, is_active, is_applied, cap_points, cap_period, half_life_weeks,
        inactivity_steps
    )
    values (
        v_rule.rule_id, v_rule.rule_code, v_rule.version, v_rule.description, v_rule.category_code,
        v_rule.engagement_type, v_rule.effective_when, v_rule.subject_id, v_rule.subject_class,
        v_rule.flat_score, v_rule.quantity_score, v_rule.amount_score, v_rule.valid_for_weeks,
        v_rule.applies_from, v_rule.applies_until, v_rule.is_active, v_rule.is_applied,
        v_rule.cap_points, v_rule.cap_period, v_rule.half_life_weeks, v_rule.inactivity_steps
    );
    perform engagement.note_rule_change(p_old, v_rule);
    return v_rule.rule_id;
end
$$;
comment on function engagement.store_rule(engagement.score_rule, engagement.score_rule) is
    'Internal: checks a version of a rule, stores it under the next rule_id and returns that id.';
