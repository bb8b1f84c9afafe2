-- Internal. Makes the trigger routine of one attachment from its template: capture_template or, for
-- a table of settings, capture_settings_template. Transition tables do not have the
-- values of virtual generated columns, so the columns are replaced by their expressions. If the
-- table or view has changed since the routine was last generated, the routine may have missed
-- changes, so the whole source is queued.
-- Reads: attached_table, activity_source, pg_catalog. Writes: the routine, attached_table,
-- pending_activity. Raises: EG008; any error of the key expression.
create or replace function engagement.generate_capture(p_attachment_id integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $body$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- for the coordinator only
    v_attached engagement.attached_table;
    v_table_id oid;
    v_fingerprint text;
    v_row text;
    v_probe refcursor;
    v_key text;
    v_columns text;
    v_groups text;
    v_rows text;
    v_name text;
    v_text text;
begin
    select * into strict v_attached
    from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    select p.table_id, p.table_name, p.key_expression
    into v_table_id, v_attached.table_name, v_attached.key_expression
    from engagement.present_attachments() p
    where p.attachment_id = p_attachment_id;
    if v_table_id is null then
        raise exception 'attached table does not exist'
            using errcode = 'EG008',
                  detail = format('source %s, table %s', v_attached.source, v_attached.table_name),
                  hint = 'If the table was dropped: call engagement.detach_dropped_tables().';
    end if;
    v_key := format('((%s)::%s)::text', v_attached.key_expression,
                    case when v_attached.activity_column = 'subject_id' then 'text'
                         else 'engagement.host_key' end);
    open v_probe for execute format('select %s from %s t limit 0', v_key, v_attached.table_name);
    close v_probe;
    select string_agg(case when k.attgenerated = 'v'
                           then format('(%s) as %I', pg_get_expr(d.adbin, d.adrelid), k.attname)
                           else quote_ident(k.attname) end, ', ' order by k.attnum)
    into v_row
    from pg_attribute k
    left join pg_attrdef d on d.adrelid = k.attrelid and d.adnum = k.attnum
    where k.attrelid = v_table_id and k.attnum > 0 and not k.attisdropped
    having bool_or(k.attgenerated = 'v');
    -- Any difference in the characters is a change. So types without equality (json, point, …), and
    -- types whose collation may treat different texts as equal, are compared as text.
    select string_agg(format(', t.%I%s as c%s', a.attname,
                             case when a.attcollation <> 0 then '::text collate "C"'
                                  when o.oid is null then '::text' else '' end, a.attnum),
                      '' order by a.attnum),
           string_agg(format(', u.c%s', a.attnum), '' order by a.attnum)
    into v_columns, v_groups
    from pg_attribute a
    left join (pg_opclass o inner join pg_am m on m.oid = o.opcmethod and m.amname = 'btree')
        on o.opcdefault and o.opcintype = a.atttypid
    where a.attrelid = v_table_id
          and a.attname = any (array(select r.name from unnest(engagement.relevant_columns(
              array[engagement.source_view(v_attached.source)], v_table_id)) r (name)));

    v_text := pg_get_functiondef(case
        when v_attached.is_settings then 'engagement.capture_settings_template()'
        else 'engagement.capture_template()' end::regprocedure);
    -- The host's names and expressions come last, because they may look like a marker.
    v_text := replace(v_text, 'sync_awards__template', case
        when v_attached.source in ('customer', 'employment') then 'sync_' || v_attached.source
        else 'sync_awards__' || v_attached.source end);
    v_text := replace(v_text, '''template''', quote_literal(v_attached.source));
    v_text := replace(v_text, '''TEMPLATE_COLUMN''', quote_literal(v_attached.activity_column));
    if v_row is not null then
        foreach v_rows in array array['new_rows', 'old_rows'] loop
            v_text := replace(v_text, format('from %s t', v_rows),
                              format('from (select %s from %s) t', v_row, v_rows));
        end loop;
    end if;
    v_text := replace(v_text, ', u.values__template', coalesce(v_groups, ''));
    v_text := replace(v_text, ', t.values__template', coalesce(v_columns, ''));
    v_text := replace(v_text, 't.key__template', v_key);
    v_name := format('engagement.capture__%s()', p_attachment_id);
    execute overlay(v_text placing v_name from strpos(v_text, 'engagement.capture_')
                    for strpos(v_text, '()') + 2 - strpos(v_text, 'engagement.capture_'));
    -- The value of an expression may depend on settings; the value of a column does not.
    if not exists (select from pg_attribute a
                   where a.attrelid = v_table_id and a.attnum > 0
                         and quote_ident(a.attname) = v_attached.key_expression) then
        execute format('alter function %s set timezone = ''UTC''', v_name);
        execute format('alter function %s set datestyle = ''ISO, YMD''', v_name);
        execute format('alter function %s set intervalstyle = ''postgres''', v_name);
        execute format('alter function %s set extra_float_digits = 1', v_name);
    end if;
    execute format('revoke all on function %s from public', v_name);
    execute format('comment on function %s is %L', v_name,
                   format('Generated by engagement.generate_capture: captures changes of %s for '
                          'source %s.',
                          v_attached.table_name, v_attached.source));
    perform engagement.propagate_ddl(v_was);

    v_fingerprint := engagement.capture_fingerprint(p_attachment_id);
    if v_attached.fingerprint <> v_fingerprint then
        insert into engagement.pending_activity (source) values (v_attached.source);
    end if;
    update engagement.attached_table a
    set table_id = v_table_id, table_name = v_attached.table_name,
        key_expression = v_attached.key_expression, fingerprint = v_fingerprint,
        key_number = k.number
    from (select max(c.attnum) as number
          from pg_attribute c
          where c.attrelid = v_table_id and c.attnum > 0 and not c.attisdropped
                and quote_ident(c.attname) = v_attached.key_expression) k
    where a.attachment_id = p_attachment_id
          and (a.table_id, a.table_name, a.key_expression, a.fingerprint, a.key_number)
              is distinct from (v_table_id, v_attached.table_name, v_attached.key_expression,
                                v_fingerprint, k.number);
end
$body$;
comment on function engagement.generate_capture(integer) is
    'Internal: generates the trigger routine capture__ID of an attachment.';
