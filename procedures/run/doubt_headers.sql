-- Internal. Queues a source as a whole if a foreign key that spares a header its INSERT trigger is
-- not in force. Without the key, lines may come first, and their headers later and unseen. If the
-- key is there again when the next run begins, that run does not see that it was away. So whoever
-- takes keys off the queue calls this after it, before activities are derived: if the key is in
-- force then, each line that was taken has its header. catch_up asks for each batch, so this looks
-- up less than has_late_lines: the key by its name, and whether somebody has switched it off.
-- Reads: attached_table, pg_catalog. Writes: pending_activity.
create or replace function engagement.doubt_headers(p_sources text[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = on
as $$
begin
    insert into engagement.pending_activity (source)
    select distinct a.source
    from engagement.attached_table a
    where a.source = any (p_sources) and a.line_key is not null
          and not exists (
              select from pg_constraint k
              where k.conrelid = to_regclass(a.line_table) and k.conname = a.line_key
                    and k.contype = 'f' and k.convalidated and not k.condeferrable
                    and to_jsonb(k) -> 'conenforced' is distinct from 'false'
                    and not exists (select from pg_trigger g
                                    where g.tgconstraint = k.oid
                                          and g.tgenabled not in ('O', 'A')))
          and not exists (select from engagement.pending_activity p
                          where p.source = a.source and p.activity_column is null);
end
$$;
comment on function engagement.doubt_headers(text[]) is
    'Internal: queues those of these sources as a whole that miss the foreign key that spares a '
    'header its INSERT trigger.';
