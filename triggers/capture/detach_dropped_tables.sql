-- API. Forgets the attachments of tables that the host has dropped. detach_triggers cannot do that,
-- because it needs the table.
-- Writes: attached_table, routines. Locks: the setup lock.
create or replace procedure engagement.detach_dropped_tables()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
begin
    perform engagement.lock_setup();
    for v_attachment_id in
        select p.attachment_id
        from engagement.present_attachments() p
        where p.table_id is null
        order by p.attachment_id
    loop
        perform engagement.drop_capture(v_attachment_id);
    end loop;
end
$$;
comment on procedure engagement.detach_dropped_tables() is
    'Forgets the attachments of tables that no longer exist.';
