-- The index of a key is made with its table, in the table's tablespace: move those of tables that
-- have no rows yet, and of the deployer's own, to where default_tablespace says.
do $$
declare
    v_index text;
begin
    for v_index in
        select format('%I.%I', n.nspname, c.relname)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_index i on i.indexrelid = c.oid
        left join pg_tablespace t on t.oid = c.reltablespace
        where n.nspname in ('engagement', 'engagement_meta')
              and coalesce(t.spcname, '') <> current_setting('default_tablespace')
              and (n.nspname = 'engagement_meta' or pg_relation_size(i.indrelid) = 0)
    loop
        execute format('alter index %s set tablespace %I', v_index, coalesce(
            nullif(current_setting('default_tablespace'), ''),
            (select t.spcname from pg_database d join pg_tablespace t on t.oid = d.dattablespace
             where d.datname = current_database())));
    end loop;
end
$$
