-- Internal. In a database with Citus: whether what the transaction creates from here on is created
-- on the nodes, too. Sessions differ in that, and what is the package's must not depend on them.
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
    'what it was, NULL without Citus.';
