-- Internal. Writes a key of a host's table as an expression. The expression must be readable, and
-- run no code of a role that is not trusted. Definer: the package's owner reads the table later.
-- Reads: pg_catalog, the table (no row of it).
-- Writes: temporary view engagement_key, which it drops.
-- Raises: EG008, EG015.
create or replace function engagement.check_key(
    p_table oid, p_table_name text, p_key_column text, p_activity_column text
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_key text;
    v_probe refcursor;
begin
    -- The word null, however it is written: a table of settings.
    v_key := case
        when exists (select from pg_attribute a
                     where a.attrelid = p_table and a.attname = p_key_column and a.attnum > 0
                           and not a.attisdropped) then quote_ident(p_key_column)
        when lower(btrim(p_key_column)) = 'null' then 'null'
        else p_key_column end;
    begin
        -- A cursor takes one statement only, whatever the expression tries.
        open v_probe for execute format(
            'select (%s)::%s from %s t limit 0', v_key,
            case when p_activity_column = 'subject_id' then 'text' else 'engagement.host_key' end,
            p_table_name);
        close v_probe;
    exception when insufficient_privilege then
        raise exception 'the host''s table cannot be read'
            using errcode = 'EG008', detail = format('table %s: %s', p_table_name, sqlerrm),
                  hint = format('grant select, trigger on %s to %I;', p_table_name, current_user);
    when syntax_error_or_access_rule_violation or data_exception or invalid_cursor_definition then
        raise exception 'key column is not valid'
            using errcode = 'EG008',
                  detail = format('table %s, key %L: %s', p_table_name, p_key_column, sqlerrm),
                  hint = format('Give a column of the table, or an expression over its row that '
                                'casts to the type of the keys, %s. Keys of another type: '
                                '--key-type, at the first deployment, which fixes it. The columns: '
                                'select * from %s limit 1;',
                                (select format_type(t.typbasetype, null) from pg_type t
                                 where t.oid = 'engagement.host_key'::regtype), p_table_name);
    end;
    -- A view says what an expression calls.
    if v_key <> 'null' then
        execute format('create temporary view engagement_key as select (%s) as key from %s t',
                       v_key, p_table_name);
        perform engagement.check_trusted(to_regclass('pg_temp.engagement_key'),
                                         format('key %s of table %s', v_key, p_table_name));
        drop view pg_temp.engagement_key;
    end if;
    return v_key;
end
$$;
comment on function engagement.check_key(oid, text, text, text) is
    'Internal: the expression for a key of a table (a column, an expression, or the word null). '
    'Raises EG008 when it cannot be read or is not of the type of the activity column, EG015 when '
    'it runs code of a role that is not trusted.';
