-- Internal. When steps of inactivity next leave fewer points, or an activity that is dated later
-- brings all of them back.
create or replace function engagement.next_step_at(
    p_steps integer[], p_active_in tstzmultirange, p_as_of timestamptz
)
returns timestamptz
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_last_at timestamptz;
    v_again_at timestamptz;
    v_at timestamptz;
    v_step integer[];
begin
    select max(upper(r)) filter (where lower(r) <= p_as_of) - interval '648 hours',
           min(lower(r)) filter (where lower(r) > p_as_of)
    into v_last_at, v_again_at
    from unnest(p_active_in) r;
    foreach v_step slice 1 in array p_steps loop
        v_at := (v_last_at at time zone v_zone + make_interval(months => v_step[1]))
                at time zone v_zone;
        exit when v_at > p_as_of;
        v_at := null;
    end loop;
    return least(v_at, v_again_at);
end
$$;
comment on function engagement.next_step_at(integer[], tstzmultirange, timestamptz) is
    'Internal: the first instant after p_as_of at which kept_percent may change; NULL: never.';
