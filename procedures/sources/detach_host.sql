-- API. Detaches the host: drops the package's triggers on it and the adapter's views, so that the
-- host's own migration can run. The ledger stays untouched until an adapter is deployed again. The
-- first run after that is FULL. Definer: the dropped objects belong to the package's owner, whoever
-- calls.
-- Writes: activity_source, attached_table, routines, views of engagement_host, the host's triggers.
-- Locks: the setup lock and SHARE ROW EXCLUSIVE on the host's tables.
create or replace procedure engagement.detach_host()
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attachment_id integer;
    v_source text;
    v_view text;
begin
    perform engagement.lock_setup();
    for v_attachment_id in
        select a.attachment_id from engagement.attached_table a order by a.attachment_id
    loop
        perform engagement.drop_capture(v_attachment_id);
    end loop;
    for v_source in select s.source from engagement.activity_source s loop
        perform engagement.drop_source_routines(v_source);
    end loop;
    update engagement.activity_source s set detached_at = clock_timestamp()
    where s.detached_at is null;
    for v_view in
        select format('%I.%I', n.nspname, c.relname)
        from pg_class c
        inner join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'engagement_host' and c.relkind = 'v'
    loop
        execute format('drop view if exists %s cascade', v_view);
    end loop;
end
$$;
comment on procedure engagement.detach_host() is
    'Drops the package''s triggers on the host and the adapter''s views; ledger and scores stay. '
    'The first run after the next deployment of an adapter is FULL.';
