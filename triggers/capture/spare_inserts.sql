-- Internal. Decides for the attachments of a source whether they need a trigger on INSERT, and puts
-- or drops it. None is needed where find_late_lines finds a proof. Only the owner of the table may
-- drop a trigger; for others it stays and captures what means nothing. If the table is locked, that
-- waits for the next deployment; to put a trigger that is missing does not wait.
-- Reads: pg_catalog, the view (EXPLAIN only). Writes: attached_table, pending_activity, the host's
-- triggers.
-- Locks: ACCESS EXCLUSIVE on a table whose trigger is dropped; else as put_triggers. Raises: EG008.
create or replace function engagement.spare_inserts(p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attached engagement.attached_table;
    v_late record;
    v_trigger name;
begin
    for v_attached in
        select a.* from engagement.attached_table a
        where a.source = p_source
        order by a.attachment_id
    loop
        v_late := engagement.find_late_lines(v_attached.attachment_id);
        update engagement.attached_table a
        set line_table = v_late.line_table, line_key = v_late.line_key
        where a.attachment_id = v_attached.attachment_id
              and (a.line_table, a.line_key) is distinct from (v_late.line_table, v_late.line_key);
        if v_late.line_key is null then
            if v_attached.line_key is not null
               and engagement.put_triggers(v_attached.attachment_id, false) then
                insert into engagement.pending_activity (source)
                select p_source
                where not exists (select from engagement.pending_activity p
                                  where p.source = p_source and p.activity_column is null);
            end if;
            continue;
        end if;
        select t.tgname into v_trigger
        from pg_trigger t
        inner join pg_class c on c.oid = t.tgrelid
        where t.tgrelid = v_attached.table_id and t.tgtype & 4 > 0
              and t.tgfoid = to_regprocedure(
                  format('engagement.capture__%s()', v_attached.attachment_id))
              and pg_has_role(c.relowner, 'usage');
        continue when not found;
        begin
            execute format('drop trigger %I on %s', v_trigger, v_attached.table_name);
        exception when lock_not_available or deadlock_detected then
            null;
        end;
    end loop;
end
$$;
comment on function engagement.spare_inserts(text) is
    'Internal: drops the INSERT triggers of a source''s tables where a foreign key proves that a '
    'row just inserted has no lines, and puts them where the proof is gone.';
