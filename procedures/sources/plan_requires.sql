-- Internal. Reads a plan: does every row of this node need a line that is linked to a row of the
-- scan p_alias elsewhere in the plan? See plan_admits.
create or replace function engagement.plan_requires(
    p_node jsonb, p_alias text, p_line_table text, p_link text
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_type constant text := p_node ->> 'Join Type';
    v_outer boolean;
    v_inner boolean;
begin
    if p_node ? 'Relation Name'
       and format('%I.%I', p_node ->> 'Schema', p_node ->> 'Relation Name') = p_line_table then
        return engagement.is_linked(p_node, p_alias, p_link);
    elsif v_type is not null then
        select bool_or(n.is_required) filter (where n.role = 'Outer'),
               bool_or(n.is_required) filter (where n.role = 'Inner')
        into v_outer, v_inner
        from (
            select c ->> 'Parent Relationship' as role,
                   engagement.plan_requires(c, p_alias, p_line_table, p_link) as is_required
            from jsonb_array_elements(p_node -> 'Plans') c
        ) n;
        return case when v_type in ('Inner', 'Semi') then v_outer or v_inner
                    when v_type in ('Left', 'Anti') then v_outer
                    when v_type in ('Right', 'Right Anti') then v_inner
                    else false end;
    elsif p_node ->> 'Node Type' in ('Append', 'Merge Append', 'Sort', 'Incremental Sort', 'Limit',
                                     'Materialize', 'Memoize', 'Hash', 'Gather', 'Gather Merge',
                                     'Subquery Scan', 'Unique', 'WindowAgg')
          or p_node ? 'Group Key' then
        return coalesce((
            select bool_and(engagement.plan_requires(c, p_alias, p_line_table, p_link))
            from jsonb_array_elements(p_node -> 'Plans') c
            where c ->> 'Parent Relationship' not in ('SubPlan', 'InitPlan')
        ), false);
    end if;
    return false;
end
$$;
comment on function engagement.plan_requires(jsonb, text, text, text) is
    'Internal: true if each row of a plan node (JSON of EXPLAIN) needs a line linked to the scan '
    'p_alias.';
