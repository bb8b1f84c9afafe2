-- Internal. The foreign keys that may prove of a table of headers that a row just inserted has no
-- lines yet. Such a key is valid, so all lines have their header; it is not deferrable, so no line
-- comes before its header, not even within a transaction; and nobody has switched it off. Its lines
-- must be attached to the same source, so that they are captured when they come. Partitions and
-- inheritance children are left out: a key says nothing of rows in other tables. Only types are
-- accepted whose values stay distinct by the casts that find_late_lines allows. The lines' trigger
-- must capture each line, so its key is a column that is never NULL. Deleting a header may delete
-- its lines, or take the header from them, but no rule and no trigger of the host may prevent that:
-- PostgreSQL does not look again, and the lines would be there before the next header.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.late_line_keys(p_attachment_id integer)
returns table (line_table text, line_key text, line_column text, header_column text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select l.table_name, k.conname::text, quote_ident(c.attname), quote_ident(h.attname)
    from engagement.attached_table a
    inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
    inner join pg_class t on t.oid = p.table_id and t.relkind = 'r' and not t.relhassubclass
    inner join pg_constraint k
        on k.confrelid = p.table_id and k.contype = 'f' and k.conrelid <> p.table_id
           and k.convalidated and not k.condeferrable and cardinality(k.conkey) = 1
           and to_jsonb(k) -> 'conenforced' is distinct from 'false'
    inner join pg_class lt on lt.oid = k.conrelid and lt.relkind = 'r' and not lt.relhassubclass
    inner join pg_attribute c on c.attrelid = k.conrelid and c.attnum = k.conkey[1]
    inner join pg_attribute h on h.attrelid = k.confrelid and h.attnum = k.confkey[1]
    inner join pg_type ct on ct.oid = c.atttypid
    inner join pg_type ht on ht.oid = h.atttypid
    inner join lateral (
        select q.table_name
        from engagement.attached_table o
        inner join engagement.present_attachments() q on q.attachment_id = o.attachment_id
        inner join pg_attribute n
            on n.attrelid = q.table_id and n.attnum > 0 and n.attnotnull
               and quote_ident(n.attname) = q.key_expression
        where o.source = a.source and not o.is_settings and q.table_id = k.conrelid
              and exists (
                  select from pg_trigger g
                  where g.tgrelid = k.conrelid and g.tgtype & 4 > 0 and g.tgenabled in ('O', 'A')
                        and g.tgfoid = to_regprocedure(
                            format('engagement.capture__%s()', o.attachment_id)))
        limit 1
    ) l on true
    where a.attachment_id = p_attachment_id and not a.is_settings
          and coalesce(nullif(ct.typbasetype, 0), ct.oid)
              = any ('{int2,int4,int8,uuid,text,varchar}'::regtype[])
          and coalesce(nullif(ht.typbasetype, 0), ht.oid)
              = any ('{int2,int4,int8,uuid,text,varchar}'::regtype[])
          and not exists (select from pg_trigger g
                          where g.tgconstraint = k.oid and g.tgenabled not in ('O', 'A'))
          and not (lt.relhasrules and not (k.confdeltype in ('a', 'r')
                                           and k.confupdtype in ('a', 'r')))
          and not exists (
              -- 3: for each row, before; 8: delete; 16: update
              select from pg_trigger g
              where g.tgrelid = k.conrelid and not g.tgisinternal and g.tgtype & 3 = 3
                    and (g.tgtype & 8 > 0 and k.confdeltype = 'c'
                         or g.tgtype & 16 > 0
                            and (k.confdeltype in ('n', 'd') or k.confupdtype in ('c', 'n', 'd'))))
    order by k.conname::text, l.table_name;
end
$$;
comment on function engagement.late_line_keys(integer) is
    'Internal: foreign keys to an attached table that prove that a row just inserted has no lines '
    'yet: table of the lines, name and column of the key, column of the attached table.';
