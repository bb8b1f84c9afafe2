-- API. Makes a new version of a rule, from now on or retroactively. Definer, so that rules change
-- only through routines.
-- Writes: score_rule, setup_change, pending_activity. Locks: the setup lock.
-- Raises: EG002, EG004, EG005, EG010.
create or replace function engagement.revise_rule(
    p_rule_code text, p_changes jsonb, p_retroactive boolean default false
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old engagement.score_rule;
    v_new engagement.score_rule;
    v_part engagement.score_rule;
    v_earlier engagement.score_rule;
    v_now timestamptz;
    v_unknown text;
begin
    perform engagement.lock_setup();
    v_old := engagement.latest_version(p_rule_code);
    select string_agg(k, ', ') into v_unknown
    from jsonb_object_keys(
        case when jsonb_typeof(p_changes) = 'object' then p_changes
             else '{"(not an object)": 0}' end
    ) k
    where k not in ('description', 'category_code', 'engagement_type', 'effective_when',
                    'subject_id', 'subject_class', 'flat_score', 'quantity_score', 'amount_score',
                    'valid_for_weeks', 'applies_from', 'applies_until', 'cap_points',
                    'cap_period', 'half_life_weeks', 'inactivity_steps');
    if v_unknown is not null or p_changes is null then
        raise exception 'unknown key in the changes of a rule'
            using errcode = 'EG010', detail = format('rule %L, key %s', p_rule_code, v_unknown),
                  hint = 'Use columns of engagement.score_rule that define a rule.';
    end if;
    begin
        v_new := jsonb_populate_record(v_old, p_changes);
    exception when data_exception then
        raise exception 'value does not fit the rule'
            using errcode = 'EG004', detail = format('rule %L: %s', p_rule_code, sqlerrm),
                  hint = 'Scores are numbers, weeks an integer, instants ISO 8601.';
    end;
    v_new.description := coalesce(v_new.description, '');
    v_new.flat_score := coalesce(v_new.flat_score, 0);
    v_new.quantity_score := coalesce(v_new.quantity_score, 0);
    v_new.amount_score := coalesce(v_new.amount_score, 0);
    if not exists (
        select from jsonb_object_keys(p_changes) k where k <> 'description'
    ) then
        -- A description changes no points. All versions get the new text.
        update engagement.score_rule r
        set description = v_new.description
        where r.rule_code = p_rule_code and r.description <> v_new.description;
        if v_new.description <> v_old.description then
            insert into engagement.setup_change (
                changed_at, changed_by, object_type, object_name, old_value, new_value
            )
            values (
                clock_timestamp(), session_user, 'RULE', p_rule_code,
                jsonb_build_object('description', v_old.description),
                jsonb_build_object('description', v_new.description)
            );
        end if;
        return v_old.rule_id;
    end if;
    v_new.version := v_old.version + 1;
    v_new.is_active := true;
    v_new.is_applied := not p_retroactive and not exists (
        select 1 from engagement.score_rule r
        where r.rule_code = p_rule_code and r.is_applied <> r.is_active);
    if p_retroactive then
        -- The new version replaces the latest one and keeps its applies_from and applies_until, if
        -- p_changes has no others. It also replaces the parts of earlier versions that its range
        -- covers. The parts that are left become versions of their own.
        update engagement.score_rule r set is_active = false where r.rule_id = v_old.rule_id;
        for v_part in
            select r.*
            from engagement.score_rule r
            where r.rule_code = p_rule_code and r.is_active
                  and coalesce(r.applies_from, '-infinity')
                      < coalesce(v_new.applies_until, 'infinity')
                  and coalesce(v_new.applies_from, '-infinity')
                      < coalesce(r.applies_until, 'infinity')
            order by r.version
        loop
            v_earlier := v_part;
            update engagement.score_rule r set is_active = false where r.rule_id = v_part.rule_id;
            v_part.is_applied := false;
            if coalesce(v_earlier.applies_from, '-infinity') < v_new.applies_from then
                v_part.applies_until := v_new.applies_from;
                v_part.version := v_new.version;
                perform engagement.store_rule(v_part, v_earlier);
                v_new.version := v_new.version + 1;
            end if;
            if coalesce(v_earlier.applies_until, 'infinity') > v_new.applies_until then
                v_part.applies_from := v_new.applies_until;
                v_part.applies_until := v_earlier.applies_until;
                v_part.version := v_new.version;
                perform engagement.store_rule(v_part, v_earlier);
                v_new.version := v_new.version + 1;
            end if;
        end loop;
    else
        v_now := clock_timestamp();
        if not p_changes ? 'applies_from' then
            v_new.applies_from := greatest(v_old.applies_from, v_now);
        elsif v_new.applies_from is null or v_new.applies_from < v_now then
            raise exception 'a revision from now on cannot begin in the past'
                using errcode = 'EG004',
                      detail = format('rule %L, applies_from %s', p_rule_code,
                                      coalesce(p_changes ->> 'applies_from', 'null')),
                      hint = 'Leave applies_from out, give a later instant, or revise '
                             'retroactively.';
        end if;
        if not p_changes ? 'applies_until' and v_new.applies_until <= v_now then
            v_new.applies_until := null;  -- revising a retired rule revives it
        end if;
        -- The old version ends where the new one begins. An old version that would begin only then
        -- becomes inactive.
        update engagement.score_rule r
        set applies_until = case when r.applies_from >= v_new.applies_from then r.applies_until
                                 else least(r.applies_until, v_new.applies_from) end,
            is_active = r.is_active
                        and (r.applies_from is null or r.applies_from < v_new.applies_from)
        where r.rule_id = v_old.rule_id;
    end if;
    return engagement.store_rule(v_new, v_old);
end
$$;
comment on function engagement.revise_rule(text, jsonb, boolean) is
    'Makes a new version of a rule and returns its id. From now on: the old version ends and the '
    'new one begins at the instant of the call (or a later applies_from). p_retroactive: the new '
    'version replaces the present one from its beginning (or from applies_from; null: all '
    'history), and the next run voids its awards and makes new ones. A change of only the '
    'description is made in place. JSON null clears a value. Raises EG002, EG004, EG005, EG010 '
    '(unknown key).';
