-- Internal. A rate, an area or a difference as results have it. Six decimals are more than any
-- sample of outcomes tells, and the same on every machine. Inlined by the planner: keep it one
-- expression.
create or replace function engagement.shown(p_number double precision)
returns numeric
language sql
immutable
parallel safe
return round(p_number::numeric, 6);
comment on function engagement.shown(double precision) is
    'Internal: a statistic rounded to six decimals.';
