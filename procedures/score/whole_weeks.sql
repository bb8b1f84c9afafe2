-- Internal. Counts whole weeks in local time, as valid_for_weeks does: n weeks have passed at the
-- instant whose local time is n weeks after the first one. Where that local time comes twice, it is
-- the second time. No week has passed before the first such instant, also if p_from itself lies in
-- an hour that the clock repeats.
create or replace function engagement.whole_weeks(p_from timestamptz, p_to timestamptz)
returns integer
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_local timestamp := p_from at time zone v_zone;
    v_weeks integer;
begin
    if p_to = 'infinity' then
        return 2147483647;
    end if;
    v_weeks := floor(extract(epoch from (p_to at time zone v_zone) - v_local) / 604800)::integer;
    -- A change of the clock in between may make the estimate one week too low or too high.
    if (v_local + make_interval(weeks => v_weeks + 1)) at time zone v_zone <= p_to then
        return v_weeks + 1;
    elsif (v_local + make_interval(weeks => v_weeks)) at time zone v_zone > p_to then
        v_weeks := v_weeks - 1;
    end if;
    return greatest(0, v_weeks);
end
$$;
comment on function engagement.whole_weeks(timestamptz, timestamptz) is
    'Internal: whole weeks from one instant to a later one (infinity: the largest integer), in '
    'local time of TIME_ZONE.';
