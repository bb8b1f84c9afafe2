-- Which columns of a host table its views read: an UPDATE of other columns is none of our business.
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
        -- A view that uses a whole row (:varattno 0) may read any column of it.
        read (column_number, reads_row) as (
            select d.refobjsubid, r.ev_action::text ~ ':varattno 0 '
            from reached v
            inner join pg_rewrite r on r.ev_class = v.view_oid
            inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                      and d.refclassid = 'pg_class'::regclass
                                      and d.refobjid = p_table
        )
        select array_agg(a.attname::text order by a.attnum)
        from pg_attribute a
        where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
              and (a.attnum in (select r.column_number from read r)
                   or exists (select from read r where r.reads_row))
    );
end
$$;
comment on function engagement.relevant_columns(text[], regclass) is
    'Internal: columns of a table that the given views read, directly or through other views; NULL '
    'for none.';
