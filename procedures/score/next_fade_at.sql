-- Internal. When fading points next count for less, or for more again; NULL if they do not fade, or
-- have faded to 0.
create or replace function engagement.next_fade_at(
    p_points numeric, p_effective_at timestamptz, p_half_life_weeks integer,
    p_inactivity_steps integer[], p_active_in tstzmultirange, p_as_of timestamptz
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
    v_step_at timestamptz;
begin
    if p_effective_at > p_as_of then
        return null;
    end if;
    if p_inactivity_steps is not null then
        v_step_at := engagement.next_step_at(p_inactivity_steps, p_active_in, p_as_of);
    end if;
    if p_half_life_weeks is null then
        return v_step_at;
    end if;
    v_weeks := engagement.whole_weeks(p_effective_at, p_as_of);
    if engagement.fade(p_points, p_half_life_weeks, v_weeks) = 0 then
        return null;
    end if;
    return least(v_step_at,
                 ((p_effective_at at time zone v_zone) + make_interval(weeks => v_weeks + 1))
                     at time zone v_zone);
end
$$;
comment on function engagement.next_fade_at(
    numeric, timestamptz, integer, integer[], tstzmultirange, timestamptz
) is
    'Internal: the first instant after p_as_of at which another whole week since p_effective_at '
    'has passed, or at which inactivity leaves another percent; NULL: nothing fades any more.';
