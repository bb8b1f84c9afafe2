-- Internal. What is left of a quantity or an amount after reversals: never less than nothing, and
-- with the sign that it had. Inlined by the planner: keep it one expression, and pass columns.
create or replace function engagement.net(p_own numeric, p_taken numeric)
returns numeric
language sql
immutable
parallel safe
return sign(p_own) * greatest(abs(p_own) - p_taken, 0);
comment on function engagement.net(numeric, numeric) is
    'Internal: what is left of a quantity or amount when so much of it was taken back.';
