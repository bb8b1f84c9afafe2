-- Internal. One MD5 of everything that the routine of an attachment depends on: the table's name
-- and key, the columns that its view reads, its partitions and inheritance children. A child that
-- was detached and attached again counts as a new one (by xmin), because its rows may differ.
-- Reads: attached_table, activity_source, pg_catalog.
create or replace function engagement.capture_fingerprint(p_attachment_id integer)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive attached as (
            select a.source, a.activity_column, p.table_id, p.table_name, p.key_expression
            from engagement.attached_table a
            inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
            where a.attachment_id = p_attachment_id and p.table_id is not null
        ),
        child (parent_id, child_id, since) as (
            select i.inhparent, i.inhrelid, i.xmin
            from attached a
            inner join pg_inherits i on i.inhparent = a.table_id
            union
            select i.inhparent, i.inhrelid, i.xmin
            from child c
            inner join pg_inherits i on i.inhparent = c.child_id
        )
        select md5(row(
            a.table_name, a.key_expression, a.activity_column,
            (select string_agg(row(k.attnum, k.attname, format_type(k.atttypid, k.atttypmod),
                                   k.attcollation::regcollation, k.attgenerated,
                                   case when k.attgenerated = 'v'
                                        then pg_get_expr(d.adbin, d.adrelid) end)::text,
                               ',' order by k.attnum)
             from pg_attribute k
             left join pg_attrdef d on d.adrelid = k.attrelid and d.adnum = k.attnum
             where k.attrelid = a.table_id
                   and k.attname = any (array(select r.name from unnest(engagement.relevant_columns(
                       array[engagement.source_view(a.source)], a.table_id)) r (name)))),
            (select string_agg(row(c.parent_id::regclass, c.child_id::regclass, c.since)::text, ','
                               order by c.parent_id::regclass::text, c.child_id::regclass::text)
             from child c))::text)
        from attached a
    );
end
$$;
comment on function engagement.capture_fingerprint(integer) is
    'Internal: MD5 of what an attachment''s trigger routine is generated from; NULL if its table '
    'is gone.';
