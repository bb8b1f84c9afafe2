-- Whether there are rules besides those that the package needs itself.
select exists (
    select
    from engagement.score_rule as r
    where r.is_active and r.rule_code <> all(%(seeded)s::text[])
)
