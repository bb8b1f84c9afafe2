-- Internal. Makes the routines of a source from the templates. A template is a PL/pgSQL routine
-- NAME__template over queries and views whose names end in __template, too. SOURCE replaces
-- "template" in every name. In the routine NAME__SOURCE
--   a template in SQL         is a subquery with its text,
--   NAME_in_hand__template    is the CTE of that name, which each statement over a query has,
--   activity__template        is the view of the source, with reverses_id if it has none,
--   employment__template      is engagement_host.employment,
--   'TEMPLATE_TYPE', 'TEMPLATE_WHEN' and 'template' are the values of the source,
--   'TEMPLATE_REVERSES'       is 'Y' if the view has reverses_id, otherwise 'N'.
-- So nothing depends on the host's views, and the host may drop and create them again. The calls of
-- engagement.parameter stand in the text of the routine itself, because kept plans need that: see
-- leaves_overview_at.
-- Reads: activity_source, pg_catalog. Writes: the routines of the source.
create or replace function engagement.clone_templates(p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- for the coordinator only
    v_source engagement.activity_source;
    v_view text;
    v_template record;
    v_old regprocedure;
    v_name text;
    v_text text;
begin
    select * into strict v_source from engagement.activity_source s where s.source = p_source;
    v_view := case
        when v_source.has_reversals then v_source.view_name
        else format('(select v.*, null::engagement.host_key as reverses_id from %s v)',
                    v_source.view_name) end;
    for v_template in
        select p.proname as name, pg_get_functiondef(p.oid) as text,
               pg_get_function_identity_arguments(p.oid) as arguments,
               p.proargtypes as argument_types,
               obj_description(p.oid, 'pg_proc') as comment
        from pg_proc p
        inner join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        where p.pronamespace = 'engagement'::regnamespace and p.proname like '%\_\_template'
        order by p.proname
    loop
        v_text := engagement.expand_template(v_template.text);
        v_text := replace(v_text, '= ''TEMPLATE_WHEN''', coalesce(
            '= ' || quote_literal(v_source.effective_when), 'is null'));
        v_text := replace(v_text, '''TEMPLATE_REVERSES''',
                          case when v_source.has_reversals then '''Y''' else '''N''' end);
        v_text := replace(v_text, '''TEMPLATE_TYPE''', quote_literal(v_source.engagement_type));
        v_text := replace(v_text, '''template''', quote_literal(p_source));
        v_text := replace(v_text, '__template', '__' || p_source);
        -- The host's names come last, because the name of a view may look like a marker.
        v_text := replace(v_text, 'engagement.employment__' || p_source,
                          'engagement_host.employment');
        execute replace(v_text, 'engagement.activity__' || p_source, v_view);
        v_name := format('engagement.%I(%s)', replace(v_template.name, '__template',
                                                      '__' || p_source), v_template.arguments);
        -- An older template may have had other arguments.
        for v_old in
            select p.oid from pg_proc p
            where p.pronamespace = 'engagement'::regnamespace
                  and p.proname = replace(v_template.name, '__template', '__' || p_source)
                  and p.proargtypes <> v_template.argument_types
        loop
            execute format('drop function %s', v_old);
        end loop;
        execute format('revoke all on function %s from public', v_name);
        execute format('comment on function %s is %L', v_name,
                       format('Source %s: %s', p_source,
                              replace(v_template.comment, 'Internal: template: ', '')));
    end loop;
    perform engagement.propagate_ddl(v_was);
end
$$;
comment on function engagement.clone_templates(text) is
    'Internal: makes the routines of a registered source from the templates '
    'engagement.*__template.';
