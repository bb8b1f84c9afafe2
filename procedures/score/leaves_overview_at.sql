-- Internal. When an award leaves the overview by time alone: on the first 1 January that is more
-- than OVERVIEW_YEARS years after the award. The function must not be inlined: a plan depends only
-- on the functions that the text of its query names, so it would keep the old value of a parameter
-- inside an inlined function.
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
    return engagement.start_of_day(
        (date_trunc('year', p_effective_at at time zone v_zone)
         + make_interval(years => engagement.parameter('OVERVIEW_YEARS')::integer + 1))::date,
        v_zone);
end
$$;
comment on function engagement.leaves_overview_at(timestamptz) is
    'Internal: the 1 January at which an award that became effective then leaves the overview; '
    'NULL for NULL.';
