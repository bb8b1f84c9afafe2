-- API. The rules in force, in the form that apply_rules takes.
-- Reads: score_rule.
create or replace function engagement.export_rules()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_strip_nulls(to_jsonb(r) - array['rule_id', 'version', 'is_active',
                                                      'is_applied', 'subject_key', 'class_key'])
                order by r.rule_code
            ), '[]')
        from engagement.score_rule r
        where r.is_active and (r.applies_until is null or r.applies_until > clock_timestamp())
              and r.version = (select max(l.version) from engagement.score_rule l
                               where l.rule_code = r.rule_code)
    );
end
$$;
comment on function engagement.export_rules() is
    'The rules in force as a JSON array of objects, NULLs omitted; apply_rules with this array '
    'changes nothing.';
