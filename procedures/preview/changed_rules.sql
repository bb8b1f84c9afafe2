-- Internal. The rules as they would be after a change, without changing them: the change is made by
-- the same routines and taken back, by an error of our own (not EG000: as a condition, that would
-- be the whole class).
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
        -- Of no category: EG000 would stand for every code of the package.
        raise exception 'taken back' using errcode = 'EG100';
    exception when sqlstate 'EG100' then
        null;  -- the variable stays, the rules are as they were
    end;
    return v_rules;
end
$$;
comment on function engagement.changed_rules(jsonb, boolean) is
    'Internal: every version of every rule as apply_rules (an array) or revise_rule and '
    'retire_rule (an object: rule_code to changes, null retires) would leave them; nothing is '
    'changed.';
