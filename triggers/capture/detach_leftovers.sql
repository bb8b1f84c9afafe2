-- Internal. What an adapter no longer attaches, its deployment removes: called after its file, in
-- the same transaction, which knows what attach_triggers was called for. What was attached by hand
-- stays. So does what belongs to a source that goes on although the file does not register it.
-- While an adapter is only tried, no trigger is touched: the attachment is forgotten until the
-- trial ends.
-- Writes: attached_table, routines, the host's triggers.
-- Locks: the setup lock; ACCESS EXCLUSIVE on a table that loses triggers.
create or replace procedure engagement.detach_leftovers()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
begin
    perform engagement.lock_setup();
    for v_attachment_id in
        select a.attachment_id
        from engagement.attached_table a
        inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
        where a.made_by = 'ADAPTER'
              and a.attachment_id::text <> all (string_to_array(
                  coalesce(current_setting('engagement.attached_ids', true), ''), ','))
              and (p.table_id is null
                   or a.source in ('customer', 'employment')
                   or a.source = any (string_to_array(
                       coalesce(current_setting('engagement.registered_sources', true), ''), ',')))
        order by a.attachment_id
    loop
        if coalesce(current_setting('engagement.is_trial', true), '') = 'Y' then
            delete from engagement.attached_table a where a.attachment_id = v_attachment_id;
        else
            perform engagement.drop_capture(v_attachment_id);
        end if;
    end loop;
end
$$;
comment on procedure engagement.detach_leftovers() is
    'Internal: takes the triggers away that the adapter made once and not in this transaction.';
