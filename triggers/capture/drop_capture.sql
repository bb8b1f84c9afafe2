-- Internal. Drops an attachment with its triggers and its generated routine. The host's table may
-- be gone already.
-- Writes: attached_table, routine, triggers. Locks: ACCESS EXCLUSIVE on the host's table.
create or replace function engagement.drop_capture(p_attachment_id integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from engagement.attached_table a where a.attachment_id = p_attachment_id;
    -- CASCADE drops the triggers with the routine. Unlike DROP TRIGGER, that does not need
    -- ownership of the host's table.
    execute format('drop function if exists engagement.%I () cascade',
                   'capture__' || p_attachment_id);
end
$$;
comment on function engagement.drop_capture(integer) is
    'Internal: drops the triggers and the routine of one attachment.';
