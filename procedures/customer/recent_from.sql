-- Internal. The instant at which "recently" begins.
create or replace function engagement.recent_from(p_as_of timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
begin
    return (p_as_of at time zone v_zone
            - make_interval(days => engagement.parameter('RAISED_RECENTLY_DAYS')::integer))
           at time zone v_zone;
end
$$;
comment on function engagement.recent_from(timestamptz) is
    'Internal: the instant RAISED_RECENTLY_DAYS before p_as_of, at the same local time of '
    'TIME_ZONE.';
