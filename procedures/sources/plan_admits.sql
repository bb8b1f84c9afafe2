-- Internal. Reads a plan: which scans of a table could let a row that no line refers to yet through
-- to the result? Returns their aliases; none: such a row changes nothing. A scan lets no such row
-- through if its own condition is the link to a line, or if a join above it needs the link. A join
-- needs it for the side whose rows it does not keep without a partner. The rules err on the side of
-- a row that gets through.
--
-- p_link is a regular expression for the link in a condition of EXPLAIN, with %s for the alias.
-- Nodes are read from the root down, so a join decides about the aliases that its sides let
-- through.
create or replace function engagement.plan_admits(
    p_node jsonb, p_table text, p_line_table text, p_link text
)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_child jsonb;
    v_alias text;
    v_type constant text := p_node ->> 'Join Type';
    v_role text;
    v_inputs jsonb[] := '{}';
    v_other jsonb;
    v_admitted text[] := '{}';
begin
    if p_node ? 'Relation Name'
       and format('%I.%I', p_node ->> 'Schema', p_node ->> 'Relation Name') = p_table then
        v_alias := p_node ->> 'Alias';
        if not engagement.is_linked(p_node, v_alias, p_link) then
            v_admitted := array[v_alias];
        end if;
    end if;
    for v_child in select c from jsonb_array_elements(p_node -> 'Plans') c loop
        v_role := v_child ->> 'Parent Relationship';
        if v_role in ('Outer', 'Inner') and v_type is not null then
            v_inputs := v_inputs || v_child;
        else
            v_admitted := v_admitted || engagement.plan_admits(v_child, p_table, p_line_table,
                                                               p_link);
        end if;
    end loop;
    foreach v_child in array v_inputs loop
        v_role := v_child ->> 'Parent Relationship';
        select i into v_other from unnest(v_inputs) i where i ->> 'Parent Relationship' <> v_role;
        foreach v_alias in array engagement.plan_admits(v_child, p_table, p_line_table, p_link) loop
            if v_type in ('Inner', 'Semi', 'Right Semi')
               or v_role = 'Inner' and v_type in ('Left', 'Anti')
               or v_role = 'Outer' and v_type in ('Right', 'Right Anti') then
                continue when engagement.is_linked(p_node, v_alias, p_link)
                              or engagement.plan_requires(v_other, v_alias, p_line_table, p_link);
            end if;
            v_admitted := v_admitted || v_alias;
        end loop;
    end loop;
    return v_admitted;
end
$$;
comment on function engagement.plan_admits(jsonb, text, text, text) is
    'Internal: aliases of the scans of a table that let a row without lines through to the result '
    'of a plan node (JSON of EXPLAIN).';
