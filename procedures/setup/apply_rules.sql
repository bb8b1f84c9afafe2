-- API. Changes the rules to what a file says, in one transaction. Rules that the file does not name
-- stay as they are. Columns that a named rule omits get their defaults, except applies_from and
-- applies_until, which stay as they are.
-- Reads and writes: through add_rule, revise_rule and retire_rule.
-- Raises: EG002, EG004, EG005, EG010.
create or replace function engagement.apply_rules(
    p_rules jsonb, p_retroactive boolean default false, p_dry_run boolean default false
)
returns table (rule_code text, action text, changes jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_defaults constant jsonb := '{"description": "", "effective_when": null, "subject_id": null, '
        '"subject_class": null, "flat_score": 0, "quantity_score": 0, "amount_score": 0, '
        '"valid_for_weeks": null, "cap_points": null, "cap_period": null, '
        '"half_life_weeks": null, "inactivity_steps": null}';
    v_other_keys constant text[] := array['rule_code', 'category_code', 'engagement_type',
                                          'applies_from', 'applies_until'];
    v_rule jsonb;
    v_old jsonb;
    v_new jsonb;
begin
    if jsonb_typeof(p_rules) is distinct from 'array'
       or exists (select from jsonb_array_elements(p_rules) e (value)
                  where jsonb_typeof(e.value) <> 'object' or e.value ->> 'rule_code' is null) then
        raise exception 'rules are not a list of objects with a rule_code'
            using errcode = 'EG010', detail = coalesce(left(p_rules::text, 200), 'NULL'),
                  hint = 'Pass an array of rule objects, as engagement.export_rules returns it.';
    end if;
    for v_rule in select e.value from jsonb_array_elements(p_rules) e (value) loop
        rule_code := v_rule ->> 'rule_code';
        select v_defaults || e.value into v_old
        from jsonb_array_elements(engagement.export_rules()) e (value)
        where e.value ->> 'rule_code' = rule_code;
        if (v_rule -> 'retired') = 'true' then
            action := case when v_old is null then 'same' else 'retire' end;
            changes := '{}';
        else
            v_new := v_defaults || (v_rule - 'retired');
            begin
                -- Values are converted to the row type and back, so that 2 equals 2.0 and instants
                -- compare as instants.
                select coalesce(jsonb_object_agg(n.key, n.value), '{}') into changes
                from jsonb_each(
                    to_jsonb(jsonb_populate_record(null::engagement.score_rule, v_new))
                ) n
                where v_new ? n.key
                      and (v_old is null
                           or n.value <> to_jsonb(jsonb_populate_record(
                               null::engagement.score_rule, v_old)) -> n.key);
            exception when data_exception then
                raise exception 'value does not fit the rule'
                    using errcode = 'EG004', detail = format('rule %L: %s', rule_code, sqlerrm),
                          hint = 'Scores are numbers, weeks an integer, instants ISO 8601, steps a '
                                 'list such as [[12, 75], [24, 50]].';
            end;
            action := case
                when v_old is null and exists (select 1 from engagement.score_rule r
                                               where r.rule_code = v_rule ->> 'rule_code')
                     then 'revise'
                when v_old is null then 'add'
                when changes = '{}' then 'same'
                when changes - 'description' = '{}' then 'describe'
                else 'revise'
            end;
            if v_old is null and action = 'revise'
               and (changes ->> 'applies_from')::timestamptz <= clock_timestamp() then
                changes := changes - 'applies_from';  -- a revived rule begins again now
            end if;
            -- Without this check, keys that are not columns of a rule would be silently ignored.
            if exists (select from jsonb_object_keys(v_new) k (key)
                       where not v_defaults ? k.key
                             and k.key <> all (v_other_keys)) then
                raise exception 'unknown key in a rule'
                    using errcode = 'EG010',
                          detail = format('rule %L, key %s', rule_code, (
                              select string_agg(k.key, ', ') from jsonb_object_keys(v_new) k (key)
                              where not v_defaults ? k.key
                                    and k.key <> all (v_other_keys))),
                          hint = 'Use columns of engagement.score_rule that define a rule.';
            end if;
        end if;
        if not p_dry_run then
            if action = 'add' then
                perform engagement.add_rule(
                    p_rule_code => n.rule_code, p_category_code => n.category_code,
                    p_engagement_type => n.engagement_type, p_effective_when => n.effective_when,
                    p_subject_id => n.subject_id, p_subject_class => n.subject_class,
                    p_flat_score => n.flat_score, p_quantity_score => n.quantity_score,
                    p_amount_score => n.amount_score, p_valid_for_weeks => n.valid_for_weeks,
                    p_description => n.description, p_applies_from => n.applies_from,
                    p_applies_until => n.applies_until, p_cap_points => n.cap_points,
                    p_cap_period => n.cap_period, p_half_life_weeks => n.half_life_weeks,
                    p_inactivity_steps => n.inactivity_steps)
                from jsonb_populate_record(null::engagement.score_rule, v_new) n;
            elsif action in ('revise', 'describe') then
                perform engagement.revise_rule(
                    p_rule_code => rule_code, p_changes => changes - 'rule_code',
                    p_retroactive => p_retroactive);
            elsif action = 'retire' then
                perform engagement.retire_rule(p_rule_code => rule_code,
                                               p_retroactive => p_retroactive);
            end if;
        end if;
        return next;
    end loop;
end
$$;
comment on function engagement.apply_rules(jsonb, boolean, boolean) is
    'Changes the rules to what a JSON array of rule objects says (an object with "retired": true '
    'ends its rule) and returns what was done: add, revise, describe, retire or same. p_dry_run: '
    'changes nothing. Raises EG002, EG004, EG005, EG010.';
