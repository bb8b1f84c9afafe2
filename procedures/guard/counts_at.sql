-- Internal. THE definition of when an award counts: from the instant that it is effective until it
-- expires. Inlined by the planner: keep it one expression.
create or replace function engagement.counts_at(
    p_effective_at timestamptz, p_expires_at timestamptz, p_as_of timestamptz
)
returns boolean
language sql
immutable
parallel safe
return p_effective_at <= p_as_of and (p_expires_at is null or p_expires_at > p_as_of);
comment on function engagement.counts_at(timestamptz, timestamptz, timestamptz) is
    'Internal: whether an award counts at p_as_of, if nothing has voided it.';
