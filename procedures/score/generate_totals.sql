-- Internal. Makes the routines of the totals from their templates. In a template the view
-- capped_in_hand__template stands for what capped_sql makes of the CTE special_in_hand.
-- Reads: pg_catalog. Writes: the routines sum_points__some and sum_points__all.
create or replace function engagement.generate_totals()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- made for the coordinator only
    v_template regprocedure;
    v_name text;
    v_text text;
begin
    for v_template in
        select p.oid from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace and p.proname like 'sum\_points\_\_%\_template'
    loop
        v_text := replace(pg_get_functiondef(v_template), 'engagement.capped_in_hand__template',
                          format('(%s)', engagement.capped_sql('special_in_hand w')));
        execute replace(engagement.expand_template(v_text), '_template(', '(');
        v_name := replace(v_template::text, '_template(', '(');
        execute format('revoke all on function %s from public', v_name);
        execute format('comment on function %s is %L', v_name,
                       replace(obj_description(v_template, 'pg_proc'), 'template: ', ''));
    end loop;
    perform engagement.propagate_ddl(v_was);
end
$$;
comment on function engagement.generate_totals() is
    'Internal: makes the routines sum_points__some and sum_points__all from their templates.';
