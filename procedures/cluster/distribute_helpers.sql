-- Internal. Copies the helpers that read no tables to every node of the cluster, because the shards
-- compute with them.
-- Writes: these functions on the nodes.
create or replace function engagement.distribute_helpers()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
set check_function_bodies = off
as $$
declare
    v_was boolean := engagement.propagate_ddl(true);
    v_sets text := current_setting('citus.propagate_set_commands');
    v_function regprocedure;
begin
    perform set_config('citus.propagate_set_commands', 'local', true);
    set local check_function_bodies = off;  -- on the nodes, too: the functions come in any order
    for v_function in
        select p.oid from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace and p.prokind = 'f'
              and p.provolatile = 'i'
        order by p.proname
    loop
        execute pg_get_functiondef(v_function);  -- replaces it on nodes that have it already
        execute format('select create_distributed_function(%L)', v_function);
    end loop;
    perform set_config('citus.propagate_set_commands', v_sets, true);
    perform engagement.propagate_ddl(v_was);
end
$$;
comment on function engagement.distribute_helpers() is
    'Internal: copies the IMMUTABLE functions to all nodes of the cluster.';
