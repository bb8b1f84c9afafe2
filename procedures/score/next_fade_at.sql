-- Internal. When fading points next count less; NULL if they do not fade, or have faded to 0.
create or replace function engagement.next_fade_at(
    p_points numeric, p_effective_at timestamptz, p_half_life_weeks integer, p_as_of timestamptz
)
returns timestamptz
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_weeks integer;
begin
    if p_half_life_weeks is null or p_effective_at > p_as_of then
        return null;
    end if;
    v_weeks := engagement.whole_weeks(p_effective_at, p_as_of);
    if engagement.fade(p_points, p_half_life_weeks, v_weeks) = 0 then
        return null;
    end if;
    return ((p_effective_at at time zone v_zone) + make_interval(weeks => v_weeks + 1))
           at time zone v_zone;
end
$$;
comment on function engagement.next_fade_at(numeric, timestamptz, integer, timestamptz) is
    'Internal: the first instant after p_as_of at which another whole week since p_effective_at '
    'has passed; NULL: nothing fades any more.';
