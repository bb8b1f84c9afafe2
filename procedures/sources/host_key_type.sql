-- Internal. The type of the host's keys, as the primary keys of a source's attached tables suggest
-- it. It serves an author of an adapter who has not given --key-type.
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
            where t.source = p_source and not t.is_settings
                  and t.activity_column <> 'subject_id'
        )
        -- Keys of several types have text in common.
        select case when min(k.type_name) = max(k.type_name) then min(k.type_name)
                    when count(*) > 0 then 'text' end
        from key k
    );
end
$$;
comment on function engagement.host_key_type(text) is
    'Internal: for adapter check. bigint, uuid or text: the type of the primary keys of the tables '
    'that a source (or customer, employment) is attached to; NULL if no table has one.';
