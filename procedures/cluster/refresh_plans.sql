-- Internal. Overlay. How a refresh plans. A cluster makes no plan for an unknown customer.
create or replace function engagement.refresh_plans()
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return 'auto';
end
$$;
comment on function engagement.refresh_plans() is
    'Internal: plan_cache_mode of a refresh.';
