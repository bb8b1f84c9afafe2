-- Internal. The boundaries of year-to-date and overview at an instant, in the organisation's zone.
-- Reads: parameters YTD_START_MONTH, OVERVIEW_YEARS, TIME_ZONE.
create or replace function engagement.period_bounds(
    p_as_of timestamptz,
    out ytd_from timestamptz,
    out ytd_next timestamptz,
    out overview_from timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_month integer := engagement.parameter('YTD_START_MONTH')::integer;
    v_local timestamp := p_as_of at time zone v_zone;
    v_year integer := extract(year from v_local)::integer;
    v_ytd timestamp := make_timestamp(v_year, v_month, 1, 0, 0, 0);
    v_overview timestamp := date_trunc('year', v_local)
        - make_interval(years => engagement.parameter('OVERVIEW_YEARS')::integer);
begin
    if v_ytd > v_local then
        v_ytd := v_ytd - interval '1 year';
    end if;
    ytd_from := v_ytd at time zone v_zone;
    ytd_next := (v_ytd + interval '1 year') at time zone v_zone;
    overview_from := v_overview at time zone v_zone;
end
$$;
comment on function engagement.period_bounds(timestamptz) is
    'Internal: start of year-to-date and of the overview at p_as_of, and start of the next '
    'year-to-date.';
