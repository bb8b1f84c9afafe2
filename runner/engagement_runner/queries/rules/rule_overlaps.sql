-- Pairs of rules that award the same activities, without the known pairs. Pairs of one file with
-- different subjects or classes are left out: the author of the file meant them.
select row_to_json(o)::text
from engagement.overlapping_rules(p_rule_codes => %(rule_codes)s::text[]) as o
where
    not exists (
        select 1
        from jsonb_array_elements(%(known)s::jsonb) as k (pair)
        where
            k.pair ->> 'rule_code' = o.rule_code
            and k.pair ->> 'other_rule_code' = o.other_rule_code
    )
    and (
        o.is_same_scope
        or not (
            o.rule_code = any(%(together)s::text[]) and o.other_rule_code = any(%(together)s::text[])
        )
    )
order by not o.is_same_scope, o.rule_code, o.other_rule_code
