-- Internal. The attachments, with the present names of the host's tables. A table is recognised by
-- its triggers, which follow it when it is renamed or moved, and through dump and restore. If no
-- table has the triggers, it is the table with the attachment's name, otherwise the table with its
-- OID. The key follows a renamed column. Sequential scans are switched on, because some callers
-- switch them off and these catalogue tables have no index for the look-ups.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.present_attachments()
returns table (attachment_id integer, table_id oid, table_name text, key_expression text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = on
as $$
begin
    return query
    with candidate (attachment_id, table_id, rank) as (
        select a.attachment_id, t.tgrelid, 1
        from engagement.attached_table a
        inner join pg_proc p
            on p.pronamespace = 'engagement'::regnamespace
               and p.proname = 'capture__' || a.attachment_id
        inner join pg_trigger t on t.tgfoid = p.oid and t.tgparentid = 0
        union all
        select a.attachment_id, c.oid, 2
        from engagement.attached_table a
        inner join pg_namespace n on n.nspname = (parse_ident(a.table_name))[1]
        inner join pg_class c
            on c.relnamespace = n.oid and c.relname = (parse_ident(a.table_name))[2]
        where c.relkind in ('r', 'p')
        union all
        select a.attachment_id, c.oid, 3
        from engagement.attached_table a
        inner join pg_class c on c.oid = a.table_id
        where c.relkind in ('r', 'p')
              and c.relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
    ),
    chosen as (
        select distinct on (c.attachment_id) c.attachment_id, c.table_id
        from candidate c
        inner join engagement.attached_table a on a.attachment_id = c.attachment_id
        order by c.attachment_id, c.rank, (c.table_id = a.table_id) is true desc, c.table_id
    )
    select a.attachment_id, c.oid,
           case when c.oid is not null then format('%I.%I', n.nspname, c.relname)
                else a.table_name end,
           coalesce(quote_ident(k.attname), a.key_expression)
    from engagement.attached_table a
    left join chosen f on f.attachment_id = a.attachment_id
    left join pg_class c on c.oid = f.table_id
    left join pg_namespace n on n.oid = c.relnamespace
    -- A column's number is valid only in the table that it was read from.
    left join pg_attribute k
        on k.attrelid = c.oid and c.oid = a.table_id and k.attnum = a.key_number
           and not k.attisdropped;
end
$$;
comment on function engagement.present_attachments() is
    'Internal: each attachment with the present OID (NULL: the table is gone), name and key of its '
    'table.';
