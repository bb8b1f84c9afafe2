-- Leaves the rules that the package needs itself.
delete from engagement.score_rule as r
where r.rule_code <> all(%(seeded)s::text[])
