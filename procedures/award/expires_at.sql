-- Internal. THE definition of when an award ceases to count: when its activity ends or its weeks
-- are over, whichever is first. Weeks are calendar weeks in p_zone, so an award made at noon ends
-- at noon. Inlined by the planner: keep it one expression, and pass columns and constants.
create or replace function engagement.expires_at(
    p_occurred_at timestamptz, p_ended_at timestamptz, p_valid_for_weeks integer, p_zone text
)
returns timestamptz
language sql
immutable
parallel safe
return nullif(
    least(p_ended_at,
          (p_occurred_at at time zone p_zone + make_interval(weeks => p_valid_for_weeks))
          at time zone p_zone),
    'infinity'::timestamptz);
comment on function engagement.expires_at(timestamptz, timestamptz, integer, text) is
    'Internal: when an award that begins at p_occurred_at ceases to count; NULL: never. '
    'p_valid_for_weeks NULL: no limit. p_ended_at NULL: the activity goes on.';
