-- Latest version of a rule.
select max(version) from engagement.score_rule where rule_code = %(rule_code)s
