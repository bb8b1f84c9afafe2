-- Internal. Drops the routines that clone_templates made for a source.
-- Reads: pg_catalog. Writes: the routines of the source.
create or replace function engagement.drop_source_routines(p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
begin
    perform engagement.drop_generated(array(
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace
              and p.proname in (
                  select replace(t.proname, '__template', '__' || p_source) from pg_proc t
                  where t.pronamespace = 'engagement'::regnamespace
                        and t.proname like '%\_\_template')
    ));
end
$$;
comment on function engagement.drop_source_routines(text) is
    'Internal: drops the routines of a source.';
