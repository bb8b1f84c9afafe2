-- Internal. Removes attachments (table, key and activity column) that an adapter no longer makes. A
-- deployment calls it after the adapter's file, in the same transaction, whose settings list the
-- attachments that the calls of attach_triggers made or found.
-- Attachments made by hand stay. So do attachments of a source that goes on although the file does
-- not register it. During a trial no trigger is touched: the attachment is only forgotten, and the
-- end of the trial undoes that.
-- Writes: attached_table, routines, the host's triggers.
-- Locks: the setup lock; ACCESS EXCLUSIVE on a table that loses triggers.
create or replace procedure engagement.detach_leftovers()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
    v_source text;
    v_sources text[] := '{}';
begin
    perform engagement.lock_setup();
    for v_attachment_id, v_source in
        select a.attachment_id, a.source
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
            v_sources := v_sources || v_source;
        end if;
    end loop;
    perform engagement.spare_inserts(s.source)  -- headers may have relied on these lines
    from (select distinct u.source from unnest(v_sources) u (source)) s;
end
$$;
comment on procedure engagement.detach_leftovers() is
    'Internal: removes triggers that the adapter made earlier and has not made in this '
    'transaction.';
