-- Internal. Finds functions of the host behind which a view hides a key. The planner looks rows up
-- by an expression only if an index holds it, and an index holds the call of a function only if the
-- function is immutable. Functions that the planner inlines do not hide anything. The plan of a
-- look-up shows the key as the planner sees it, through all nested views. A part of a plan that has
-- a volatile function keeps all columns of the view in their places.
-- Definer: planning evaluates the view's constant calls, as the package's owner.
-- Reads: pg_catalog, the view (EXPLAIN only).
create or replace function engagement.key_functions(p_view_name text, p_column text)
returns table (function_name text, is_immutable boolean, table_name text, index_sql text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set standard_conforming_strings = on
as $$
declare
    v_plan constant jsonb := engagement.look_up_plan(p_view_name, p_column);
    v_number constant bigint := (
        select a.attnum from pg_attribute a
        where a.attrelid = to_regclass(p_view_name) and a.attname = p_column);
    v_before constant text := '(^|[^\w".])';  -- precedes an unqualified name
begin
    return query
    with node as (
        select n.node
        from jsonb_path_query(v_plan, 'strict $.**') n (node)
        where jsonb_typeof(n.node) = 'object'
    ),
    called as (
        select distinct on (p.oid) p.oid, p.provolatile = 'i' as is_immutable,
               replace(o.text, '::engagement.host_key', '') as text
        from node n
        cross join jsonb_array_elements_text(n.node -> 'Output') with ordinality o (text, number)
        inner join pg_namespace s
            on s.nspname not in ('pg_catalog', 'information_schema', 'engagement')
        inner join pg_proc p
            on p.pronamespace = s.oid
               and strpos(o.text, format('%I.%I(', s.nspname, p.proname)) > 0
        where p.provolatile <> 'v' or o.number = v_number
              or jsonb_array_length(n.node -> 'Output') = 1
        order by p.oid, length(o.text)
    ),
    scanned as (
        select distinct quote_ident(n.node ->> 'Alias') as alias,
               format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name') as name
        from node n
        where n.node ? 'Relation Name'
    )
    select c.oid::regprocedure::text, c.is_immutable, t.name,
           format('create index concurrently on %s ((%s));', t.name, regexp_replace(
               (engagement.split_condition(c.text, chr(1)))[1],
               v_before || engagement.as_pattern(t.alias) || '\.', '\1', 'g'))
    from called c
    left join lateral (
        select min(u.name) as name, min(u.alias) as alias
        from scanned u
        where c.text ~ (v_before || engagement.as_pattern(u.alias) || '\.')
        having count(*) = 1
    ) t on true
    order by 1;
end
$$;
comment on function engagement.key_functions(text, text) is
    'Internal: for adapter check. The functions of the host that compute a key column of a view, '
    'as the planner sees it, with the table whose rows they are given, and the index on the call. '
    'NULL: they are given rows of no table, or of several.';
