-- Internal. The rules as they would be after a change. The usual routines make the change, and an
-- error of our own rolls it back.
-- Reads and writes (and takes back): through apply_rules, revise_rule and retire_rule.
-- Locks: the setup lock, for a moment.
-- Raises: EG002, EG004, EG005, EG010.
create or replace function engagement.changed_rules(p_changes jsonb, p_retroactive boolean)
returns engagement.score_rule[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_code text;
    v_change jsonb;
    v_rules engagement.score_rule[];
begin
    begin
        if jsonb_typeof(p_changes) = 'object' then
            for v_code, v_change in select e.key, e.value from jsonb_each(p_changes) e loop
                if jsonb_typeof(v_change) = 'null' then
                    perform engagement.retire_rule(p_rule_code => v_code,
                                                   p_retroactive => p_retroactive);
                else
                    perform engagement.revise_rule(p_rule_code => v_code, p_changes => v_change,
                                                   p_retroactive => p_retroactive);
                end if;
            end loop;
        else
            perform engagement.apply_rules(p_rules => p_changes, p_retroactive => p_retroactive);
        end if;
        v_rules := array(select r from engagement.score_rule r);
        -- Not EG000: as a condition it would catch every code of the package.
        raise exception 'taken back' using errcode = 'EG100';
    exception when sqlstate 'EG100' then
        null;  -- the rules are as they were; the variable keeps its value
    end;
    return v_rules;
end
$$;
comment on function engagement.changed_rules(jsonb, boolean) is
    'Internal: every version of every rule as it would be after apply_rules (p_changes is an '
    'array) or after revise_rule and retire_rule (an object: rule_code to changes, null retires). '
    'Nothing is changed.';
