-- Id of the rule after a revision; changes: as rule_changes has them.
select engagement.revise_rule(
    p_rule_code => %(rule_code)s,
    p_changes => %(changes)s::jsonb -> %(rule_code)s,
    p_retroactive => %(retroactive)s)
