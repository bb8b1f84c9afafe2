-- Internal. Whether a job covers a date, its first and its last day included; NULL is open. Inlined
-- by the planner: keep it one expression.
create or replace function engagement.covers(p_begin_on date, p_end_on date, p_on date)
returns boolean
language sql
immutable
parallel safe
return (p_begin_on is null or p_begin_on <= p_on) and (p_end_on is null or p_end_on >= p_on);
comment on function engagement.covers(date, date, date) is
    'Internal: whether a job of these first and last days covers p_on; NULL: it is open.';
