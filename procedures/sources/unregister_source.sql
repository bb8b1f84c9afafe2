-- API. Ends an activity source: drops its triggers and generated routines now; the next run voids
-- its awards. Definer: the dropped objects belong to the package's owner, whoever calls.
-- Writes: activity_source, attached_table, reversal, reversed_activity, pending_activity, routines,
-- the host's triggers.
-- Locks: the setup lock and SHARE ROW EXCLUSIVE on the host's tables. Raises: EG006.
create or replace procedure engagement.unregister_source(p_source text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
begin
    perform engagement.lock_setup();
    if not exists (select from engagement.activity_source s where s.source = p_source) then
        raise exception 'unknown source'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = 'select source from engagement.activity_source lists them.';
    end if;
    for v_attachment_id in
        select a.attachment_id from engagement.attached_table a where a.source = p_source
    loop
        perform engagement.drop_capture(v_attachment_id);
    end loop;
    perform engagement.drop_source_routines(p_source);
    delete from engagement.reversal r where r.source = p_source;
    delete from engagement.reversed_activity n where n.source = p_source;
    delete from engagement.activity_source s where s.source = p_source;
    insert into engagement.pending_activity (source) values (p_source);
end
$$;
comment on procedure engagement.unregister_source(text) is
    'Ends an activity source; the next run voids its awards (SOURCE_REMOVED). Raises EG006 for an '
    'unknown source.';
