-- Internal. The columns of a host table that its views read. An UPDATE of other columns does not
-- matter. An inheritance child is read through its parent, by the names of the parent's columns.
-- All columns count in two cases in which they cannot be known: no view reads the table itself, so
-- a function must; or a view calls a function of the host, which may read any table.
-- Reads: pg_catalog (pg_depend of the views' rules, through nested views).
create or replace function engagement.relevant_columns(p_view_names text[], p_table regclass)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive reached (view_oid) as (
            select to_regclass(n)::oid from unnest(p_view_names) u (n)
            union
            select d.refobjid
            from reached v
            inner join pg_rewrite r on r.ev_class = v.view_oid
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                      and d.refclassid = 'pg_class'::regclass
            inner join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
        ),
        ancestor (table_id) as (
            select p_table::oid
            union
            select i.inhparent
            from ancestor a
            inner join pg_inherits i on i.inhrelid = a.table_id
        ),
        -- A view that uses a whole row (:varattno 0) may read any column of it.
        read (column_name, reads_row) as (
            select k.attname, r.ev_action::text ~ ':varattno 0 '
            from reached v
            inner join pg_rewrite r on r.ev_class = v.view_oid
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                      and d.refclassid = 'pg_class'::regclass
            inner join ancestor a on a.table_id = d.refobjid
            left join pg_attribute k on k.attrelid = d.refobjid and k.attnum = d.refobjsubid
        )
        select array_agg(a.attname::text order by a.attnum)
        from pg_attribute a
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
              and (a.attname in (select r.column_name from read r)
                   or exists (select from read r where r.reads_row)
                   or not exists (select from read r)
                   -- The subquery runs once, not for each column.
                   or (select engagement.calls_host_code(p_view_names)))
    );
end
$$;
comment on function engagement.relevant_columns(text[], regclass) is
    'Internal: columns of a table that these views read, directly or through other views; all '
    'columns if that cannot be known; NULL for none.';
