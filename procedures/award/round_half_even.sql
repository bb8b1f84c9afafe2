-- Internal. Rounds half to even. Inlined by the planner: keep it one expression, and pass columns
-- or constants.
create or replace function engagement.round_half_even(p_value numeric, p_decimals integer)
returns numeric
language sql
immutable
parallel safe
return round(round(p_value, p_decimals) - case
    when abs(p_value - trunc(p_value, p_decimals)) * 2 = power(10::numeric, -p_decimals)
         and mod(round(p_value, p_decimals) * power(10::numeric, p_decimals), 2) <> 0
    then sign(p_value) * power(10::numeric, -p_decimals)
    else 0
end, p_decimals);
comment on function engagement.round_half_even(numeric, integer) is
    'Internal: p_value rounded to p_decimals decimal places, ties to the even neighbour: 0.125 → '
    '0.12, 0.135 → 0.14.';
