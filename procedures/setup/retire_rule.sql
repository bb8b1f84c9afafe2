-- API. Ends a rule. Definer, so that rules change only through routines.
-- Writes: score_rule, setup_change, pending_activity. Locks: the setup lock. Raises: EG002.
create or replace function engagement.retire_rule(p_rule_code text,
                                                  p_retroactive boolean default false)
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
    perform engagement.latest_version(p_rule_code);
    v_now := clock_timestamp();
    -- All versions end, because a retired rule awards nothing for an activity of any date.
    for v_old in
        select * from engagement.score_rule r where r.rule_code = p_rule_code and r.is_active
        order by r.version
    loop
        v_new := v_old;
        if p_retroactive or v_old.applies_from >= v_now then
            v_new.is_active := false;
        else
            v_new.applies_until := least(v_old.applies_until, v_now);
        end if;
        continue when v_new is not distinct from v_old;
        update engagement.score_rule r
        set is_active = v_new.is_active, applies_until = v_new.applies_until
        where r.rule_id = v_old.rule_id;
        perform engagement.note_rule_change(v_old, v_new);
    end loop;
end
$$;
comment on function engagement.retire_rule(text, boolean) is
    'Ends a rule. Activities from now on earn nothing (the next run voids the awards of activities '
    'dated later). Earlier activities keep their awards until these expire. p_retroactive: the '
    'next run voids all awards of the rule. Raises EG002 for an unknown rule_code.';
