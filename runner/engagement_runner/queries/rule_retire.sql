-- Nothing to return: raises EG002 for an unknown rule.
select engagement.retire_rule(
    p_rule_code => %(rule_code)s, p_retroactive => %(retroactive)s)
