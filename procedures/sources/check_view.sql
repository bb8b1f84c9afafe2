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
    problem as (
        select w.position, case
            when f.column_name is null then
                format('column %s is missing (%s)', w.column_name, format_type(w.type_oid, null))
            when w.is_key and f.type_oid = 'uuid'::regtype and w.type_oid = 'bigint'::regtype then
                format('column %s is uuid, keys are bigint', w.column_name)
            else format('column %s is %s, write %s', w.column_name, format_type(f.type_oid, null),
                        engagement.cast_sql(w.column_name, f.type_oid, w.type_oid, w.is_key))
        end as message,
        case when w.is_key and w.type_oid <> 'text'::regtype then case
            when f.type_oid = 'uuid'::regtype then 'uuid'
            when f.type_category = 'S' then 'text'
            when w.type_oid = 'uuid'::regtype and f.type_category = 'N' then 'bigint' end
        end as key_type,
        w.position = 1 as is_first
        from wanted w
        left join found f on f.column_name = w.column_name
        where f.column_name is null
              or (f.type_oid <> w.type_oid
                  and not (w.type_oid = 'text'::regtype and f.type_oid = 'varchar'::regtype))
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
                else 'text' end
    into v_problems, v_key_type
    from problem p;
    if v_problems is not null then
        raise exception 'view % does not have the shape of the contract', p_view
            using errcode = 'EG007', detail = v_problems,
                  hint = format('It needs exactly the columns %s.',
                                array_to_string(p_columns, ', '))
                      || coalesce(' If the host''s keys are ' || v_key_type || ', say so here and at '
                                  'the first deployment, which fixes it: --key-type '
                                  || v_key_type, '');
    end if;
end
$$;
comment on function engagement.check_view(regclass, text[], text[]) is
    'Internal: raises EG007 naming every missing, surplus or wrongly typed column of a host view.';
