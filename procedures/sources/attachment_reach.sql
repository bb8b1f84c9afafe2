-- Internal. Where the keys of a source's attached tables lead: whether the view has them in the
-- column that they are attached to, and how many rows one key re-derives at most. It reads the
-- whole tables and the whole view. Tables of settings are left out. Definer: the view
-- and the key expressions run as the package's owner.
-- Reads: attached_table, activity_source, the view, the attached tables.
create or replace function engagement.attachment_reach(p_source text)
returns table (
    table_name text,
    key_expression text,
    activity_column text,
    key_count bigint,
    found_key_count bigint,
    most_rows bigint,
    some_key text,
    other_column text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_nestloop = off
as $body$
declare
    v_is_activity boolean;
    v_view_name text;
    v_column text;
    v_other text;
    v_view_key_count bigint;
    v_other_count bigint;
    v_keys constant text := $sql$
        select distinct (%s)::%s as key from %s t$sql$;
    v_count constant text := $sql$
        select count(*), count(v.key), max(v.row_count),
               coalesce((array_agg(v.key::text order by v.row_count desc, v.key::text)
                         filter (where v.key is not null))[1], min(k.key::text)),
               (select count(%2$I) from %1$s where %2$I is not null)
        from (%3$s) k
        left join (
            select a.%2$I as key, count(*) as row_count
            from %1$s a
            where a.%2$I is not null
            group by a.%2$I
        ) v on v.key = k.key
        where k.key is not null$sql$;
begin
    select s.view_name into v_view_name from engagement.activity_source s
    where s.source = p_source;
    v_is_activity := found;
    for table_name, key_expression, activity_column in
        select p.table_name, p.key_expression, t.activity_column
        from engagement.attached_table t
        -- The tables as they are now: a view that has replaced a table does not count.
        inner join engagement.present_attachments() p on p.attachment_id = t.attachment_id
        where t.source = p_source and not t.is_settings and p.table_id is not null
        order by t.attachment_id
    loop
        if not v_is_activity then
            v_view_name := 'engagement_host.' || p_source;
        end if;
        v_column := case when p_source = 'employment' then 'employee_id' else activity_column end;
        execute format(v_count, v_view_name, v_column, format(
            v_keys, key_expression,
            case when v_column = 'subject_id' then 'text' else 'engagement.host_key' end,
            table_name))
        into key_count, found_key_count, most_rows, some_key, v_view_key_count;
        continue when key_count = 0 or v_view_key_count = 0;
        other_column := null;
        if found_key_count = 0 and v_is_activity then
            v_other_count := 0;
            foreach v_other in array array['source_id', 'document_id', 'customer_id', 'subject_id']
            loop
                continue when v_other = v_column;
                execute format(
                    'select count(*) from (%s) k where k.key in (select a.%I::text from %s a) '
                    'having count(*) > $1',
                    format(v_keys, key_expression, 'text', table_name), v_other, v_view_name)
                into key_count using v_other_count;
                if key_count is not null then
                    other_column := v_other;
                    v_other_count := key_count;
                end if;
            end loop;
            execute format('select count(k.key) from (%s) k', format(
                v_keys, key_expression, 'text', table_name)) into key_count;
        end if;
        return next;
    end loop;
end
$body$;
comment on function engagement.attachment_reach(text) is
    'Internal: for adapter check. For each attached table with keys: the number of keys, the '
    'number of keys that the view shows in the column they are attached to, the most rows of one '
    'key, and that key (or any key). other_column: if the column shows none of the keys, the '
    'column that shows most of them.';
