-- Internal. When a customer was last active in a category at an instant. Each activity makes them
-- active for 27 days, less than any month, so that many activities need few ranges.
-- kept__template makes the ranges.
create or replace function engagement.last_active_at(
    p_active_in tstzmultirange, p_as_of timestamptz
)
returns timestamptz
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz;
begin
    select max(upper(r)) - interval '648 hours' into v_at
    from unnest(p_active_in) r
    where lower(r) <= p_as_of;
    return case when v_at > p_as_of then p_as_of else v_at end;
end
$$;
comment on function engagement.last_active_at(tstzmultirange, timestamptz) is
    'Internal: the last activity before p_as_of, or p_as_of where another comes within 27 days; '
    'NULL: there was none. p_active_in: each activity with the 27 days after it.';
