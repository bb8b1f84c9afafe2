-- Internal. Finds the index that would serve a look-up that reads a whole table. The plan shows the
-- expression by which the table's rows are compared. An index on that expression is made on an
-- empty copy of the table, and EXPLAIN shows whether the planner uses it. So an offered index can
-- be made and is used. If the comparison needs columns of two tables, or comes after an outer join
-- that may make them NULL, no index can serve, and the comparison itself is returned. Definer:
-- planning evaluates the view's constant calls, as the package's owner.
-- Reads: pg_catalog, the view (EXPLAIN only). Writes: temporary table engagement_probe, which it
-- drops.
create or replace function engagement.missing_indexes(p_view_name text, p_column text)
returns table (table_name text, index_sql text, compared_by text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set standard_conforming_strings = on
set enable_seqscan = off
set jit = off
as $body$
declare
    v_plan constant jsonb := engagement.look_up_plan(p_view_name, p_column);
    v_unindexed constant text[] := engagement.unindexed_tables(p_view_name, p_column);
    v_key constant text := '(\(InitPlan \d+\)\.col1|\$\d+)';  -- as PostgreSQL 18 and 15 write it
    v_key_type constant text := (
        select format_type(t.typbasetype, null) from pg_type t
        where t.oid = 'engagement.host_key'::regtype);
    v_before constant text := '(^|[^\w".])';  -- precedes an unqualified name
    v_name constant text := '(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")';
    -- A literal with its type, whose schema would look like a table's alias.
    v_string constant text := format('''[^'']*''(::(%1$s\.)?%1$s)?', v_name);
    v_alias text;
    v_conditions text[];
    v_condition text;
    v_sides text[];
    v_other text;
    v_definition text;
    v_type text;
    v_probe text;
    v_probed jsonb;
    v_compared_by text;
    v_is_read_whole boolean;
begin
    -- The view's own comparison with the key, wherever the planner has put it.
    select (engagement.split_condition(c.condition, ' = '))[1] into v_compared_by
    from jsonb_path_query(v_plan, 'strict $.**') n (node)
    cross join lateral (values (n.node ->> 'Filter'), (n.node ->> 'Join Filter')) f (condition)
    cross join unnest(engagement.split_condition(f.condition, ' AND ')) c (condition)
    where jsonb_typeof(n.node) = 'object' and c.condition ~ v_key
    limit 1;

    for table_name, v_is_read_whole, v_alias, v_conditions in
        with recursive walk (node, conditions) as (
            select v_plan -> 0 -> 'Plan', '{}'::text[]
            union all
            -- A join's condition helps to find rows of its inner side.
            select p.child, w.conditions || case
                when w.node ->> 'Join Type' = 'Inner' or p.child ->> 'Parent Relationship' = 'Inner'
                    then coalesce(
                        engagement.split_condition(w.node ->> 'Join Filter', ' AND '), '{}')
                else '{}' end
            from walk w
            cross join jsonb_array_elements(w.node -> 'Plans') p (child)
        )
        select t.name, t.is_read_whole, quote_ident(w.node ->> 'Alias'),
               coalesce(engagement.split_condition(w.node ->> 'Filter', ' AND '), '{}')
               || case when t.is_read_whole then w.conditions else '{}' end
        from walk w
        cross join lateral (
            select format('%I.%I', w.node ->> 'Schema', w.node ->> 'Relation Name')
        ) n (name)
        cross join lateral (
            select n.name, n.name = any (v_unindexed) and not w.node ? 'Index Cond'
        ) t (name, is_read_whole)
        where w.node ? 'Relation Name' and (t.is_read_whole or w.node ->> 'Filter' ~ v_key)
        order by t.is_read_whole
    loop
        index_sql := null;
        compared_by := v_compared_by;
        execute format('create temporary table engagement_probe (like %s including indexes) '
                       'on commit drop', table_name);
        foreach v_condition in array v_conditions loop
            v_sides := engagement.split_condition(v_condition, ' = ');
            continue when cardinality(v_sides) <> 2;
            for v_number in 1 .. 2 loop
                -- One side has only columns of this table; the other is the key, or of another
                -- table.
                v_definition := replace(v_sides[v_number], '::engagement.host_key',
                                        '::' || v_key_type);
                v_other := regexp_replace(v_sides[3 - v_number], v_string, '', 'g');
                continue when v_definition !~ (v_before || v_alias || '\.')
                              or v_other ~ (v_before || v_alias || '\.')
                              or v_other !~ (v_before || v_name || '\.' || v_name || '|' || v_key);
                v_definition := regexp_replace(v_definition, v_before || v_alias || '\.', '\1',
                                               'g');
                v_definition := (engagement.split_condition(v_definition, chr(1)))[1];
                v_definition := case when v_definition ~ ('^' || v_name || '$')
                                     then format('(%s)', v_definition)
                                     else format('((%s))', v_definition) end;
                begin
                    execute format('create temporary table engagement_probe_type on commit drop as '
                                   'select %s as value from pg_temp.engagement_probe',
                                   v_definition);
                    select format_type(a.atttypid, null) into v_type from pg_attribute a
                    where a.attrelid = to_regclass('pg_temp.engagement_probe_type')
                          and a.attnum = 1;
                    drop table pg_temp.engagement_probe_type;
                    v_probe := format('explain (format json) select from pg_temp.engagement_probe '
                                      'where %s = (select null::%s)', v_definition, v_type);
                    execute v_probe into v_probed;
                    if jsonb_path_exists(v_probed, '$.**."Index Cond"') then
                        -- The index exists. Without statistics a plan may not use it.
                        compared_by := null;
                        continue;
                    end if;
                    execute format('create index on pg_temp.engagement_probe %s', v_definition);
                    execute v_probe into v_probed;
                    if jsonb_path_exists(v_probed, '$.**."Index Cond"') then
                        index_sql := format('create index concurrently on %s %s;', table_name,
                                            v_definition);
                    end if;
                exception when syntax_error_or_access_rule_violation then
                    null;  -- the expression is of several tables, or not immutable
                end;
                exit when index_sql is not null;
            end loop;
            exit when index_sql is not null;
        end loop;
        drop table pg_temp.engagement_probe;
        if v_is_read_whole then
            return next;
        elsif compared_by is null then
            return;  -- Many rows have one key: the planner rather reads another table whole.
        end if;
    end loop;
end
$body$;
comment on function engagement.missing_indexes(text, text) is
    'Internal: for adapter check. For each table that a look-up of a view by a column reads whole: '
    'the statement that creates an index for the look-up. NULL with compared_by: no index can '
    'serve, because of what the key is compared with. NULL without compared_by: an index exists, '
    'but the plan does not use it.';
