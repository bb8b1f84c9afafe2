-- What applying a file of rules does, or with dry_run would do.
select row_to_json(a)::text
from engagement.apply_rules(
    p_rules => %(rules)s::jsonb,
    p_retroactive => %(retroactive)s,
    p_dry_run => %(dry_run)s) as a
