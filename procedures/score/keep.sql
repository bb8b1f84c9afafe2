-- Internal. Points that steps of inactivity leave.
create or replace function engagement.keep(
    p_points numeric, p_steps integer[], p_active_in tstzmultirange, p_as_of timestamptz
)
returns numeric
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_decimals integer := engagement.parameter('SCORE_DECIMALS')::integer;
    v_percent integer := engagement.kept_percent(p_steps, p_active_in, p_as_of);
begin
    if v_percent = 100 then
        return p_points;
    end if;
    return engagement.round_half_even(p_points * v_percent / 100, v_decimals);
end
$$;
comment on function engagement.keep(numeric, integer[], tstzmultirange, timestamptz) is
    'Internal: p_points × kept_percent, rounded half to even to SCORE_DECIMALS.';
