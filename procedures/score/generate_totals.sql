-- Internal. Makes the routine NAME from each template NAME_template: sum_points__some,
-- sum_points__all, counted_awards and previewed_awards. They are the same for all sources.
-- Reads: pg_catalog. Writes: these routines.
create or replace function engagement.generate_totals()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- for the coordinator only
    v_template regprocedure;
    v_name text;
    v_old regprocedure;
begin
    for v_template in
        select p.oid from pg_proc p
        inner join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        where p.pronamespace = 'engagement'::regnamespace and p.prorettype <> 'trigger'::regtype
              and p.proname like '%\_template' and p.proname not like '%\_\_template'
        order by p.proname
    loop
        v_name := replace(v_template::text, '_template(', '(');
        v_old := to_regprocedure(v_name);
        if v_old is not null
           and (pg_get_function_result(v_old), pg_get_function_arguments(v_old))
               is distinct from
               (pg_get_function_result(v_template), pg_get_function_arguments(v_template)) then
            perform engagement.drop_generated(array[v_old]);  -- of another release
        end if;
        execute replace(engagement.expand_template(pg_get_functiondef(v_template)),
                        '_template(', '(');
        -- Of another release it may have had arguments of other types.
        perform engagement.drop_generated(array(
            select o.oid::regprocedure from pg_proc o
            inner join pg_proc t on t.oid = v_template
            where o.pronamespace = t.pronamespace and o.oid <> v_name::regprocedure
                  and o.proname = left(t.proname, -length('_template'))
        ));
        execute format('revoke all on function %s from public', v_name);
        execute format('comment on function %s is %L', v_name,
                       replace(obj_description(v_template, 'pg_proc'), 'template: ', ''));
    end loop;
    perform engagement.propagate_ddl(v_was);
end
$$;
comment on function engagement.generate_totals() is
    'Internal: makes the routine NAME from each template NAME_template.';
