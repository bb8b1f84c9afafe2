-- Internal. THE definition of a total: points within the bounds (engagement.bounds_of_total()).
-- Inlined by the planner: keep it one expression.
create or replace function engagement.bounded_total(
    p_points numeric, p_floor_points numeric, p_cap_points numeric
)
returns numeric
language sql
immutable
parallel safe
return greatest(least(p_points, p_cap_points), p_floor_points);
comment on function engagement.bounded_total(numeric, numeric, numeric) is
    'Internal: the score that these points make: not above p_cap_points, not below p_floor_points '
    '(NULL: no bound).';
