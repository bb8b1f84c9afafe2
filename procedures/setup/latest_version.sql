-- Internal. The newest version of a rule, active or not. Changes start from it.
-- Reads: score_rule. Raises: EG002.
create or replace function engagement.latest_version(p_rule_code text)
returns engagement.score_rule
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_rule engagement.score_rule;
begin
    select * into v_rule
    from engagement.score_rule r
    where r.rule_code = p_rule_code
    order by r.version desc
    limit 1;
    if not found then
        raise exception 'unknown rule'
            using errcode = 'EG002', detail = format('rule %L', p_rule_code),
                  hint = 'select distinct rule_code from engagement.score_rule lists them.';
    end if;
    return v_rule;
end
$$;
comment on function engagement.latest_version(text) is
    'Internal: the newest version of a rule. Raises EG002 for an unknown rule_code.';
