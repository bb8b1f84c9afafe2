-- Internal. Weeks are counted in local time, as valid_for_weeks is: so many weeks have passed at
-- the instant at which adding them to the local time leads.
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
    -- A clock that was changed in between may have moved the instant to the other side.
    if (v_local + make_interval(weeks => v_weeks + 1)) at time zone v_zone <= p_to then
        return v_weeks + 1;
    elsif (v_local + make_interval(weeks => v_weeks)) at time zone v_zone > p_to then
        return v_weeks - 1;
    end if;
    return v_weeks;
end
$$;
comment on function engagement.whole_weeks(timestamptz, timestamptz) is
    'Internal: whole weeks from one instant to a later one (infinity: the largest integer), in '
    'local time of TIME_ZONE.';
