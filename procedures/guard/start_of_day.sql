-- API. THE definition of when a day begins: at the first instant at which the clock of p_zone shows
-- it. So an instant lies in the day that the clock shows, and AT TIME ZONE finds it. AT TIME ZONE
-- alone does not find the beginning: where midnight comes twice, as in Cuba and on the Azores, it
-- takes the second one, after an hour of the day has passed. The instant after the last microsecond
-- of the day before is the first midnight, but it is too late where the clock skips the end of that
-- day. The earlier of the two is right in both cases. A few clocks went back over midnight after
-- the new day had begun (St. John's until 2010). They showed two days by turns; there a day begins
-- when the clock shows it for good. The way leads by UTC, because timestamptz + interval is not
-- IMMUTABLE. Inlined by the planner: keep it one expression, and pass columns and constants.
create or replace function engagement.start_of_day(p_day date, p_zone text)
returns timestamptz
language sql
immutable
parallel safe
return least(
    p_day::timestamp at time zone p_zone,
    ((p_day::timestamp - interval '1 microsecond') at time zone p_zone at time zone 'UTC'
     + interval '1 microsecond') at time zone 'UTC');
comment on function engagement.start_of_day(date, text) is
    'The first instant at which the clock of the time zone p_zone shows p_day; NULL for NULL. For '
    'views of an adapter: engagement.start_of_day(d, engagement.parameter(''TIME_ZONE'')).';
