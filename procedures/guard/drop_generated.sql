-- Internal. Drops routines that were generated.
-- Writes: these routines.
create or replace function engagement.drop_generated(p_routines regprocedure[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_routine regprocedure;
begin
    foreach v_routine in array p_routines loop
        execute format('drop function %s', v_routine);
    end loop;
end
$$;
comment on function engagement.drop_generated(regprocedure[]) is
    'Internal: drops these routines.';
