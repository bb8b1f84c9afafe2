-- When the oldest award of an overview leaves it by time alone: the 1 January that is more than
-- OVERVIEW_YEARS years after its own. Inlined by the planner, because totals ask for every
-- customer: keep it one expression.
-- Reads: parameters OVERVIEW_YEARS, TIME_ZONE.
create or replace function engagement.leaves_overview_at(p_effective_at timestamptz)
returns timestamptz
language sql
stable
parallel safe
as $$
    select (date_trunc('year', p_effective_at at time zone engagement.parameter('TIME_ZONE'))
            + make_interval(years => engagement.parameter('OVERVIEW_YEARS')::integer + 1))
           at time zone engagement.parameter('TIME_ZONE')
$$;
comment on function engagement.leaves_overview_at(timestamptz) is
    'Internal: the 1 January at which an award that became effective then leaves the overview; '
    'NULL for NULL.';
