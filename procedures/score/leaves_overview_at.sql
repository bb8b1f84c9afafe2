-- Internal. When the oldest award of an overview leaves it by time alone: the 1 January that is
-- more than OVERVIEW_YEARS years after its own. Not inlined: the plan of a query depends on the
-- functions that its text names, so a parameter inside an inlined function would keep its old
-- value.
-- Reads: parameters OVERVIEW_YEARS, TIME_ZONE.
create or replace function engagement.leaves_overview_at(p_effective_at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
begin
    return (date_trunc('year', p_effective_at at time zone v_zone)
            + make_interval(years => engagement.parameter('OVERVIEW_YEARS')::integer + 1))
           at time zone v_zone;
end
$$;
comment on function engagement.leaves_overview_at(timestamptz) is
    'Internal: the 1 January at which an award that became effective then leaves the overview; '
    'NULL for NULL.';
