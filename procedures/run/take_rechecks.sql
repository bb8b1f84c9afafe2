-- Internal. While scoring is switched off, triggers capture nothing. A transaction that wrote then
-- and commits only after the first run would be missed. Its lock on a host table gives it away:
-- when it has ended, its source is compared once more.
-- Reads: pg_locks, attached_table. Writes: pending_recheck, recalculation_source.
create or replace function engagement.take_rechecks()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_writers text[];
begin
    if not exists (select from engagement.pending_recheck) then
        return;
    end if;
    v_writers := array(
        select distinct l.virtualtransaction
        from pg_locks l
        where l.locktype = 'relation' and l.pid <> pg_backend_pid() and l.mode = 'RowExclusiveLock'
              and l.database = (select d.oid from pg_database d
                                where d.datname = current_database())
              and l.relation in (select a.table_id from engagement.present_attachments() a)
    );
    with settled as (
        delete from engagement.pending_recheck p
        where not coalesce(p.writers, v_writers) && v_writers
        returning p.source
    )
    insert into engagement.recalculation_source (source)
    select distinct s.source from settled s
    on conflict (source) do nothing;
    update engagement.pending_recheck p
    set writers = v_writers
    where p.writers is null;
end
$$;
comment on function engagement.take_rechecks() is
    'Internal: adds the sources to the work that must be compared again after scoring was switched '
    'on.';
