-- Internal. Compares a host view with its shape in the contract, and reports everything that is
-- wrong at once.
-- Reads: pg_catalog. Raises: EG007.
create or replace function engagement.check_view(p_view regclass, p_columns text[], p_types text[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems text;
    v_shape text;  -- the columns as they should be
    v_key_type text;  -- the type of the host's keys, if it is another
begin
    with recursive base (column_name, type_oid, type_mod) as (
        select a.attname::text, a.atttypid, a.atttypmod
        from pg_attribute a
        where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped
        union all
        select b.column_name, t.typbasetype, t.typtypmod
        from base b
        inner join pg_type t on t.oid = b.type_oid and t.typtype = 'd'
    ),
    key_type (type_oid) as (
        select t.typbasetype from pg_type t where t.oid = 'engagement.host_key'::regtype
    ),
    wanted as (
        select w.column_name, w.position, w.type_name = 'host_key' as is_key,
               case when w.type_name = 'host_key' then (select k.type_oid from key_type k)
                    else w.type_name::regtype end as type_oid
        from unnest(p_columns, p_types) with ordinality w (column_name, type_name, position)
    ),
    found as (
        select b.column_name, b.type_oid, t.typcategory as type_category
        from base b
        inner join pg_type t on t.oid = b.type_oid and t.typtype <> 'd'
    ),
    compared as (
        select w.column_name, w.position, w.type_oid as wanted_oid, w.is_key, f.type_oid,
               f.type_category, f.column_name is null as is_missing,
               f.type_oid <> w.type_oid
               and not (w.type_oid = 'text'::regtype and f.type_oid = 'varchar'::regtype)
                   as is_other,
               engagement.cast_sql(w.column_name, f.type_oid, w.type_oid, w.is_key) as cast_text
        from wanted w
        left join found f on f.column_name = w.column_name
    ),
    problem as (
        select c.position, case
            when c.is_missing then
                format('column %s is missing (%s)', c.column_name, format_type(c.wanted_oid, null))
            when c.is_key and c.type_oid = 'uuid'::regtype and c.wanted_oid = 'bigint'::regtype then
                format('column %s is uuid, keys are bigint', c.column_name)
            else format('column %s is %s, write %s%s', c.column_name, format_type(c.type_oid, null),
                        c.cast_text, engagement.cast_remark(c.type_oid, c.wanted_oid))
        end as message,
        case when c.is_key and c.wanted_oid <> 'text'::regtype then case
            when c.type_oid = 'uuid'::regtype then 'uuid'
            when c.type_category = 'S' then 'text'
            when c.wanted_oid = 'uuid'::regtype and c.type_category = 'N' then 'bigint' end
        end as key_type,
        c.position = 1 as is_first
        from compared c
        where c.is_missing or c.is_other
        union all
        select 100, format('column %s does not belong here', f.column_name), null, false
        from found f
        where f.column_name <> all (p_columns)
    )
    -- Keys of two types have text in common. A bare NULL is text, too, so the first column decides
    -- whether the keys' type is wrong.
    select string_agg(p.message, '; ' order by p.position, p.message),
           case when not bool_or(p.is_first and p.key_type is not null) then null
                when min(p.key_type) = max(p.key_type) then min(p.key_type)
                else 'text' end,
           (select string_agg(
                       case when c.is_missing
                            then format('null::%s as %I', format_type(c.wanted_oid, null),
                                        c.column_name)
                            when c.is_other then format('%s as %I', c.cast_text, c.column_name)
                            else quote_ident(c.column_name) end, ', ' order by c.position)
            from compared c)
    into v_problems, v_key_type, v_shape
    from problem p;
    if v_problems is not null then
        raise exception 'view % does not have the shape of the contract', p_view
            using errcode = 'EG007', detail = v_problems,
                  hint = format('It needs exactly the columns %s.',
                                array_to_string(p_columns, ', '))
                      || coalesce(' If the host''s keys are ' || v_key_type || ', say so here and at '
                                  'the first deployment, which fixes it: --key-type '
                                  || v_key_type,
                                  format(' In that shape: select %s from %s;', v_shape, p_view));
    end if;
end
$$;
comment on function engagement.check_view(regclass, text[], text[]) is
    'Internal: raises EG007 naming every missing, surplus or wrongly typed column of a host view.';
