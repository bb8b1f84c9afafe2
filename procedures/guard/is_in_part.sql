-- Internal. Whether a customer belongs to the part of all customers that is being verified. Inlined
-- by the planner: keep it one expression.
create or replace function engagement.is_in_part(
    p_customer_id engagement.host_key,
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns boolean
language sql
immutable
parallel safe
return (p_from is null or p_customer_id >= p_from)
       and (p_to is null or p_customer_id < p_to)
       and (p_sample is null
            or abs(hashtextextended(p_customer_id::text, p_seed) % 1000000)
               < p_sample * 10000);
comment on function engagement.is_in_part(
    engagement.host_key, engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: whether a customer lies in [p_from, p_to) (NULL: unbounded) and in a sample of '
    'p_sample percent (NULL: all), which p_seed chooses.';
