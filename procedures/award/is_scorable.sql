-- Internal. Whether three numbers are small enough to score: their products and sums stay within
-- the range of numeric. NaN is greater than every number. Inlined by the planner: keep it one
-- expression.
create or replace function engagement.is_scorable(p_one numeric, p_two numeric, p_three numeric)
returns boolean
language sql
immutable
parallel safe
return abs(p_one) < 1e1000 and abs(p_two) < 1e1000 and abs(p_three) < 1e1000;
comment on function engagement.is_scorable(numeric, numeric, numeric) is
    'Internal: whether three numbers (the scores of a rule; a quantity, an amount and 0) are '
    'neither NaN nor infinite nor too large for a score.';
