-- Internal. THE definition of inactivity: how many percent of their points a rule leaves to a
-- customer who has not been active in the category for some time. Whole months are counted in local
-- time, from the last activity. Who has never been active there loses nothing.
create or replace function engagement.kept_percent(
    p_steps integer[], p_active_in tstzmultirange, p_as_of timestamptz
)
returns integer
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_since timestamp := engagement.last_active_at(p_active_in, p_as_of) at time zone v_zone;
    v_percent integer := 100;
    v_step integer[];
begin
    if v_since is null then
        return 100;
    end if;
    foreach v_step slice 1 in array p_steps loop
        exit when (v_since + make_interval(months => v_step[1])) at time zone v_zone > p_as_of;
        v_percent := v_step[2];
    end loop;
    return v_percent;
end
$$;
comment on function engagement.kept_percent(integer[], tstzmultirange, timestamptz) is
    'Internal: percent of points that count at p_as_of by steps of inactivity (not NULL, not '
    'empty).';
