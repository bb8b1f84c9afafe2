-- Internal. Whether an instant leaves room for adding and subtracting years; see check_instant.
-- Inlined by the planner: keep it one expression.
create or replace function engagement.is_instant(p_at timestamptz)
returns boolean
language sql
immutable
parallel safe
return p_at between '4000-01-01 00:00:00+00 BC' and '200000-01-01 00:00:00+00';
comment on function engagement.is_instant(timestamptz) is
    'Internal: whether an instant is finite and in the range that scores are computed for; NULL '
    'for NULL.';
