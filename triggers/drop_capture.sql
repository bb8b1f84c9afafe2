-- Takes an attachment's triggers and generated routine away. The host's table may be gone already.
-- Writes: attached_table, routine, triggers. Locks: SHARE ROW EXCLUSIVE on the host's table.
create or replace function engagement.drop_capture(p_source text, p_table_name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
begin
    delete from engagement.attached_table a
    where a.source = p_source and a.table_name = p_table_name
    returning a.attachment_id into v_attachment_id;
    -- With the routine go its triggers: that needs no ownership of the host's table, as dropping
    -- them would.
    execute format('drop function if exists engagement.%I () cascade',
                   'capture__' || v_attachment_id);
end
$$;
comment on function engagement.drop_capture(text, text) is
    'Internal: drops the triggers and the routine of one attachment.';
