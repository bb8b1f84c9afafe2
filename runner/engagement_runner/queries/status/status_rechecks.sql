-- Sources to compare once more since scoring was switched on.
select row_to_json(r)::text
from (
    select count(*) as waiting_rechecks from engagement.pending_recheck
) as r
