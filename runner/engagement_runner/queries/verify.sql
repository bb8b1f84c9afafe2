-- Every difference in a part of the customers: those with a key in [begin, end), or a sample of so
-- many percent of them; NULL: all.
select row_to_json(v)::text
from engagement.verify(
    p_from => %(begin)s::engagement.host_key,
    p_to => %(end)s::engagement.host_key,
    p_sample => %(sample)s::numeric,
    p_seed => %(seed)s::integer) as v
