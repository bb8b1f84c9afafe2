-- Takes the package's triggers off a host table.
-- Definer: what it makes belongs to the package's owner, whoever calls.
-- Writes: attached_table, routine, triggers.
-- Locks: the setup lock; SHARE ROW EXCLUSIVE on the table. Raises: EG008.
create or replace procedure engagement.detach_triggers(p_source text, p_table regclass)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table_name text;
begin
    perform engagement.lock_setup();
    select format('%I.%I', n.nspname, c.relname) into v_table_name
    from pg_class c
    inner join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table;
    if not exists (select from engagement.attached_table a
                   where a.source = p_source and a.table_name = v_table_name) then
        raise exception 'table is not attached'
            using errcode = 'EG008', detail = format('source %L, table %s', p_source, v_table_name),
                  hint = 'select source, table_name from engagement.attached_table lists what is.';
    end if;
    perform engagement.drop_capture(p_source, v_table_name);
end
$$;
comment on procedure engagement.detach_triggers(text, regclass) is
    'Takes the package''s triggers off a host table. Raises EG008 when it carries none for the '
    'source.';
