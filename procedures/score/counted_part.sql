-- Internal. THE definition of what of a category's points counts in the total. A category that is
-- not on record counts. Inlined by the planner: keep it one expression.
create or replace function engagement.counted_part(
    p_points numeric, p_counts_in_total boolean, p_cap_points numeric
)
returns numeric
language sql
immutable
parallel safe
return case when p_counts_in_total is not false then least(p_points, p_cap_points) else 0 end;
comment on function engagement.counted_part(numeric, boolean, numeric) is
    'Internal: what of the own points of a category counts in the total: none, or up to its '
    'cap_points (NULL: all).';
