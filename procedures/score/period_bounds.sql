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
    v_today date := (p_as_of at time zone v_zone)::date;
    v_year integer := extract(year from v_today)::integer;
    v_ytd date := make_date(v_year, v_month, 1);
    v_overview date := make_date(v_year, 1, 1)
        - make_interval(years => engagement.parameter('OVERVIEW_YEARS')::integer);
begin
    if v_ytd > v_today then
        v_ytd := v_ytd - interval '1 year';
    end if;
    ytd_from := engagement.start_of_day(v_ytd, v_zone);
    ytd_next := engagement.start_of_day((v_ytd + interval '1 year')::date, v_zone);
    overview_from := engagement.start_of_day(v_overview, v_zone);
end
$$;
comment on function engagement.period_bounds(timestamptz) is
    'Internal: start of year-to-date and of the overview at p_as_of, and start of the next '
    'year-to-date.';
