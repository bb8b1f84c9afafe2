-- Internal. How a refresh plans. Its plans are kept: for a known customer they would seem cheaper,
-- and planning would cost as much as all the work. On a cluster an overlay replaces it.
create or replace function engagement.refresh_plans()
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return 'force_generic_plan';
end
$$;
comment on function engagement.refresh_plans() is
    'Internal: plan_cache_mode of a refresh.';
