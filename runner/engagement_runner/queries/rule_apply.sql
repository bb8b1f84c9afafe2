-- What applying a file of rules did.
select row_to_json(a)::text
from engagement.apply_rules(
    p_rules => %(rules)s::jsonb, p_retroactive => %(retroactive)s) as a
