-- Internal. The part of host_problems about tables above and below an attached one, through which
-- rows come past its triggers: REPLICATION, CHILD, PARENT. Such a table needs the same attachment,
-- or one as a table of settings. The arguments are those of present_attachments.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.inheritance_problems(
    p_attachment_id integer, p_table_id oid, p_table_name text, p_key_expression text
)
returns setof engagement.host_problem
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_column text;
    v_covered oid[];
begin
    if p_table_id is null then
        return;
    end if;
    select a.source, a.activity_column into v_source, v_column
    from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    if exists (select from pg_inherits i where p_table_id in (i.inhparent, i.inhrelid)) then
        v_covered := array(
            select p.table_id
            from engagement.attached_table a
            inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
            where a.source = v_source and p.table_id is not null
                  and (a.is_settings
                       or p.key_expression = p_key_expression and a.activity_column = v_column));
    end if;
    return query
    with recursive part (table_id, is_itself) as (
        select p_table_id, true
        union
        select i.inhrelid, false
        from part f
        inner join pg_inherits i on i.inhparent = f.table_id
    ),
    found as (
        select f.table_id, f.is_itself, c.relispartition, c.relkind,
               format('%I.%I', n.nspname, c.relname) as name,
               exists (select from pg_subscription_rel r where r.srrelid = f.table_id)
                   as is_subscribed
        from part f
        inner join pg_class c on c.oid = f.table_id
        inner join pg_namespace n on n.oid = c.relnamespace
    )
    select 'REPLICATION', v_source, f.name, true, null::text,
           format('table %s receives rows from a subscription, past its triggers (source %s)',
                  f.name, v_source),
           'Logical replication fires no statement trigger. Each run compares the source as a '
           'whole; between runs only a refresh sees what came.'
    from found f
    where f.is_subscribed
    union all
    select 'CHILD', v_source, f.name, false, null,
           format('table %s inherits from %s and has no triggers (source %s)', f.name,
                  p_table_name, v_source),
           format('call engagement.attach_triggers(%L, %L, %L, %L);', v_source, f.name,
                  p_key_expression, v_column)
    from found f
    where not f.is_itself and not f.relispartition and f.relkind in ('r', 'p')
          and f.table_id <> all (v_covered)
    order by 1, 3;
    return query
    with recursive ancestor (table_id) as (
        select i.inhparent from pg_inherits i where i.inhrelid = p_table_id
        union
        select i.inhparent
        from ancestor a
        inner join pg_inherits i on i.inhrelid = a.table_id
    )
    select 'PARENT', v_source, p_table_name, true, null::text,
           format('table %s is written to through %s, which has no triggers (source %s)',
                  p_table_name, f.name, v_source),
           format('call engagement.attach_triggers(%L, %L, %L, %L); and write that into the '
                  'adapter.', v_source, f.name, p_key_expression, v_column)
    from (select a.table_id, format('%I.%I', n.nspname, c.relname) as name
          from ancestor a
          inner join pg_class c on c.oid = a.table_id
          inner join pg_namespace n on n.oid = c.relnamespace) f
    where f.table_id <> all (v_covered)
    order by f.name;
end
$$;
comment on function engagement.inheritance_problems(integer, oid, text, text) is
    'Internal: problems of host_problems with subscriptions, children and parents of an attached '
    'table.';
