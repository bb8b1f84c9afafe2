-- Internal. In a database with Citus: sets whether the rest of the transaction creates its objects
-- on the nodes, too. The package's objects must not depend on what a session has set.
create or replace function engagement.propagate_ddl(p_is_on boolean)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_was text := current_setting('citus.enable_ddl_propagation', true);
begin
    if v_was is not null and p_is_on is not null then
        perform set_config('citus.enable_ddl_propagation', p_is_on::text, true);
    end if;
    return v_was::boolean;
end
$$;
comment on function engagement.propagate_ddl(boolean) is
    'Internal: sets Citus'' propagation of DDL for the transaction (NULL: leaves it) and returns '
    'the previous setting; NULL without Citus.';
