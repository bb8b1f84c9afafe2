-- Ends a rule. Definer: rules change only through routines.
-- Writes: score_rule, setup_change, pending_activity. Locks: the setup lock. Raises: EG002.
create or replace function engagement.retire_rule(p_rule_code text, p_retroactive boolean default false)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old engagement.score_rule;
    v_new engagement.score_rule;
    v_now timestamptz;
begin
    perform engagement.lock_setup();
    v_old := engagement.current_rule(p_rule_code);
    v_now := clock_timestamp();
    -- All versions: a retired rule awards nothing, whichever version an activity's date points to.
    if p_retroactive then
        update engagement.score_rule r set is_active = false where r.rule_code = p_rule_code;
    else
        update engagement.score_rule r
        set applies_until = case when r.applies_from >= v_now then r.applies_until else v_now end,
            is_active = r.is_active and (r.applies_from is null or r.applies_from < v_now)
        where r.rule_code = p_rule_code and (r.applies_until is null or r.applies_until > v_now);
    end if;
    select * into v_new from engagement.score_rule r where r.rule_id = v_old.rule_id;
    if v_new is distinct from v_old then
        perform engagement.note_rule_change(v_old, v_new);
    end if;
end
$$;
comment on function engagement.retire_rule(text, boolean) is
    'Ends a rule: no awards for activities from now on, existing ones run their course; retroactive: all its awards '
    'are voided at the next run. Raises EG002 for an unknown rule_code.';
