-- Compares a host view with the shape that the contract gives it and says everything that is wrong
-- at once.
-- Reads: pg_catalog. Raises: EG007.
create or replace function engagement.check_view(p_view regclass, p_columns text[], p_types text[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems text;
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
        select w.column_name, w.position,
               case when w.type_name = 'host_key' then (select k.type_oid from key_type k)
                    else w.type_name::regtype end as type_oid
        from unnest(p_columns, p_types) with ordinality w (column_name, type_name, position)
    ),
    found as (
        select b.column_name, b.type_oid
        from base b
        inner join pg_type t on t.oid = b.type_oid and t.typtype <> 'd'
    ),
    problem as (
        select w.position, case
            when f.column_name is null then
                format('column %s is missing (%s)', w.column_name, format_type(w.type_oid, null))
            else format('column %s is %s, write %s::%s', w.column_name,
                        format_type(f.type_oid, null), quote_ident(w.column_name),
                        format_type(w.type_oid, null))
        end as message
        from wanted w
        left join found f on f.column_name = w.column_name
        where f.column_name is null
              or (f.type_oid <> w.type_oid
                  and not (w.type_oid = 'text'::regtype and f.type_oid = 'varchar'::regtype))
        union all
        select 100, format('column %s does not belong here', f.column_name)
        from found f
        where f.column_name <> all (p_columns)
    )
    select string_agg(p.message, '; ' order by p.position, p.message) into v_problems
    from problem p;
    if v_problems is not null then
        raise exception 'view % does not have the shape of the contract', p_view
            using errcode = 'EG007', detail = v_problems,
                  hint = format('It needs exactly the columns %s.',
                                array_to_string(p_columns, ', '));
    end if;
end
$$;
comment on function engagement.check_view(regclass, text[], text[]) is
    'Internal: raises EG007 naming every missing, surplus or wrongly typed column of a host view.';
