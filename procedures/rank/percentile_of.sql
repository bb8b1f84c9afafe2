-- Internal. THE definition of a percentile. Inlined by the planner: keep it one expression.
create or replace function engagement.percentile_of(
    p_below_count bigint, p_equal_count bigint, p_count bigint
)
returns integer
language sql
immutable
parallel safe
return ((200 * p_below_count + 100 * p_equal_count) / (2 * p_count))::integer;
comment on function engagement.percentile_of(bigint, bigint, bigint) is
    'Internal: floor(100 × (below + half of equal, self included) / n), 0 to 99: the percentile of '
    'a customer among n.';
