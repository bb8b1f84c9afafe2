select
    {source} as source,
    v.customer_id,
    v.subject_id,
    v.subject_class
from {view} as v
where v.customer_id is not null and v.occurred_at is not null
