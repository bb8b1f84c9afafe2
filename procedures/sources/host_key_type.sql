-- Internal. The type that the keys of the host's tables have, by the primary keys of those that a
-- source or the view of customers is attached to: for an author who has not said --key-type.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.host_key_type(p_source text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with key (type_name) as (
            select case when i.indnkeyatts > 1 then 'text'
                        when a.atttypid = 'uuid'::regtype then 'uuid'
                        when b.typcategory = 'N' then 'bigint'
                        else 'text' end
            from engagement.attached_table t
            inner join pg_index i
                on i.indrelid = to_regclass(t.table_name) and i.indisprimary
            inner join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            inner join pg_type b on b.oid = a.atttypid
            where t.source = p_source and t.key_expression <> 'null'
                  and t.activity_column <> 'subject_id'
        )
        -- Keys of several types meet in text.
        select case when min(k.type_name) = max(k.type_name) then min(k.type_name)
                    when count(*) > 0 then 'text' end
        from key k
    );
end
$$;
comment on function engagement.host_key_type(text) is
    'Internal: for adapter check. Bigint, uuid or text, as the primary keys of the tables are to '
    'which a source (or customer, employment) is attached; NULL where none has one.';
