-- Internal. Whether reversals have left anything of an activity. Money decides: what is wholly paid
-- back is not kept, whether or not pieces came back. Without money the pieces decide. Without
-- either, any reversal takes everything. A number that cannot be reckoned with leaves the activity,
-- so that it is reported as not scorable. Inlined by the planner: keep it one expression, and pass
-- columns.
create or replace function engagement.is_still_kept(
    p_quantity numeric, p_amount numeric, p_taken_quantity numeric, p_taken_amount numeric
)
returns boolean
language sql
immutable
parallel safe
return not engagement.is_scorable(p_taken_quantity, p_taken_amount, 0)
       or case when p_amount <> 0 then abs(p_amount) > p_taken_amount
               else coalesce(abs(p_quantity), 0) > p_taken_quantity end;
comment on function engagement.is_still_kept(numeric, numeric, numeric, numeric) is
    'Internal: whether an activity of this quantity and amount still counts when so much of both '
    'was taken back.';
