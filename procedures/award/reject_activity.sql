-- Internal. Records that an activity's numbers cannot be scored. Derivations call it in WHERE for
-- the rare row that is not scorable. It returns false, which filters the row out.
-- Reads and writes: scoring_failure.
create or replace function engagement.reject_activity(
    p_source text, p_source_id text, p_rule_id integer, p_at timestamptz
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A run resolves the failures of the activities it derives again, at its own instant. Failures
    -- that persist are reopened here.
    update engagement.scoring_failure f
    set resolved_at = null
    where f.source = p_source and f.source_id = p_source_id and f.rule_id = p_rule_id
          and (f.resolved_at is null or f.resolved_at = p_at);
    if not found then
        insert into engagement.scoring_failure (failed_at, source, source_id, rule_id,
                                                sqlstate_code, message)
        values (p_at, p_source, p_source_id, p_rule_id, '22003',
                'quantity, amount, score or instant is not a number, infinite or out of range: no '
                'award');
    end if;
    return false;
end
$$;
comment on function engagement.reject_activity(text, text, integer, timestamptz) is
    'Internal: records an activity that cannot be scored in scoring_failure, once, and returns '
    'false.';
