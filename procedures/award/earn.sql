-- Internal. THE arithmetic of points, before rounding. A flat score takes the sign of the quantity
-- or amount: a return takes back what the sale gave. Inlined by the planner: keep it one
-- expression, and pass columns.
create or replace function engagement.earn(
    p_flat_score numeric,
    p_quantity_score numeric,
    p_amount_score numeric,
    p_quantity numeric,
    p_amount numeric
)
returns numeric
language sql
immutable
parallel safe
return case when p_flat_score = 0 then 0
            when p_quantity <> 0 then p_flat_score * sign(p_quantity)
            when p_amount <> 0 then p_flat_score * sign(p_amount)
            else p_flat_score end
       + p_quantity_score * p_quantity + p_amount_score * p_amount;
comment on function engagement.earn(numeric, numeric, numeric, numeric, numeric) is
    'Internal: the points, not rounded, that a rule (flat score, points per piece, points per unit '
    'of money) gives for a quantity and an amount.';
