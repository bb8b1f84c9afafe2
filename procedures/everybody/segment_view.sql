-- Internal. Finds the view of a segment and checks its columns, because its name is written by
-- hand.
-- Reads: pg_catalog.
create or replace function engagement.segment_view(p_view_name text)
returns regclass
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_view regclass;
begin
    begin
        v_view := to_regclass(p_view_name);
    exception when invalid_name or syntax_error or feature_not_supported then
        return null;  -- no relation can have this name; to_regclass raised before PostgreSQL 16
    end;
    if (
        with recursive base (column_name, type_oid) as (
            select a.attname::text, a.atttypid
            from pg_attribute a
            where a.attrelid = v_view and a.attnum > 0 and not a.attisdropped
            union all
            select b.column_name, t.typbasetype
            from base b
            inner join pg_type t on t.oid = b.type_oid and t.typtype = 'd'
        ),
        key_type (type_oid) as (
            select t.typbasetype from pg_type t where t.oid = 'engagement.host_key'::regtype
        )
        select count(*)
        from base b
        cross join key_type k
        where b.column_name = 'customer_id'
              and (b.type_oid = k.type_oid
                   or (b.type_oid = 'varchar'::regtype and k.type_oid = 'text'::regtype))
              or b.column_name = 'segment_value'
                 and b.type_oid in ('numeric'::regtype, 'bigint'::regtype, 'integer'::regtype,
                                    'smallint'::regtype, 'double precision'::regtype,
                                    'real'::regtype)
    ) = 2 then
        return v_view;
    end if;
    return null;
end
$$;
comment on function engagement.segment_view(text) is
    'Internal: the view of that name, if it has the columns customer_id and segment_value; NULL '
    'otherwise.';
