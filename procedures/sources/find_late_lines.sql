-- Internal. Finds a foreign key by which an INSERT into an attached table cannot change what its
-- view shows: wherever the view reads the table, it needs a line, and a row just inserted has none.
-- EXPLAIN shows what the view needs. Any plan is a proof, because all plans give the same rows.
-- Definer: planning evaluates the view's constant calls, as the package's owner.
-- Reads: attached_table, pg_catalog, the view (EXPLAIN only).
create or replace function engagement.find_late_lines(
    p_attachment_id integer, out line_table text, out line_key text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set standard_conforming_strings = on
set jit = off
as $$
declare
    v_attached engagement.attached_table;
    v_table_name text;
    v_view_name text;
    v_plan jsonb;
    v_key record;
    v_aliases text;
    v_cast text;
    v_column text;
begin
    select a.* into strict v_attached from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    v_view_name := engagement.source_view(v_attached.source);
    -- What a host's function reads, no plan shows. A new customer needs a score of 0.
    if v_attached.source in ('customer', 'employment') or v_attached.is_settings
       or to_regclass(v_view_name) is null
       or engagement.calls_host_code(array[v_view_name]) then
        return;
    end if;
    for v_key in select k.* from engagement.late_line_keys(p_attachment_id) k loop
        if v_plan is null then
            execute format('explain (format json, verbose) select * from %s', v_view_name)
                into v_plan;
            v_table_name := (select p.table_name from engagement.present_attachments() p
                             where p.attachment_id = p_attachment_id);
            exit when not jsonb_path_exists(v_plan, 'strict $.** ? (@."Relation Name" == $name)',
                                            jsonb_build_object('name', (parse_ident(v_table_name))[2]));
        end if;
        select string_agg(engagement.as_pattern(quote_ident(n.node ->> 'Alias')), '|')
        into v_aliases
        from jsonb_path_query(v_plan, 'strict $.** ? (exists (@."Relation Name"))') n (node)
        where format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name') = v_key.line_table;
        continue when v_aliases is null;
        -- Other texts may be the same number: 7 and 07.
        select case when t.typcategory = 'S' and h.typcategory = 'S'
                    then 'text|character varying|engagement\.host_key'
                    when t.typcategory = 'S' then 'text|character varying'
                    else 'smallint|integer|bigint|uuid|text|character varying'
                         '|engagement\.host_key' end
        into v_cast
        from pg_attribute a
        inner join pg_type t on t.oid = a.atttypid
        inner join pg_type h on h.oid = 'engagement.host_key'::regtype
        where a.attrelid = v_table_name::regclass and a.attnum > 0
              and quote_ident(a.attname) = v_key.header_column;
        v_column := '\(?%s\.%s\)?(::(' || v_cast || '))?';
        if engagement.plan_admits(
            v_plan -> 0 -> 'Plan', v_table_name, v_key.line_table,
            format('^' || v_column || ' = ' || v_column || '$',
                   '%s', engagement.as_pattern(v_key.header_column),
                   '(' || v_aliases || ')', engagement.as_pattern(v_key.line_column))) = '{}' then
            line_table := v_key.line_table;
            line_key := v_key.line_key;
            return;
        end if;
    end loop;
end
$$;
comment on function engagement.find_late_lines(integer) is
    'Internal: table of lines, and name of their foreign key, by which an INSERT into an attached '
    'table shows nothing in its view; NULL: not proven.';
