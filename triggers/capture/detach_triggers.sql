-- API. Takes the package's triggers for one source off a host table, whatever keys and activity
-- columns it is attached by.
-- Definer: the attachments and routines belong to the package's owner, whoever calls.
-- Writes: attached_table, routine, triggers.
-- Locks: the setup lock; ACCESS EXCLUSIVE on the table. Raises: EG008.
create or replace procedure engagement.detach_triggers(p_source text, p_table regclass)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_ids integer[];
    v_attachment_id integer;
begin
    perform engagement.lock_setup();
    v_attachment_ids := array(
        select a.attachment_id
        from engagement.attached_table a
        inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
        where a.source = p_source and p.table_id = p_table
        order by a.attachment_id);
    if v_attachment_ids = '{}' then
        raise exception 'table is not attached'
            using errcode = 'EG008', detail = format('source %L, table %s', p_source, p_table),
                  hint = 'select source, table_name from engagement.attached_table lists the attached tables.';
    end if;
    foreach v_attachment_id in array v_attachment_ids loop
        perform engagement.drop_capture(v_attachment_id);
    end loop;
    perform engagement.spare_inserts(p_source);  -- headers may have relied on these lines
end
$$;
comment on procedure engagement.detach_triggers(text, regclass) is
    'Takes the package''s triggers for a source off a host table, by whatever keys it is attached. '
    'Raises EG008 if the table has none for the source.';
