-- Internal. The part of host_problems about the triggers of an attached table: TRIGGER. The
-- arguments are those of present_attachments.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.trigger_problems(
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
    v_line_key text;
    v_problem engagement.host_problem;
begin
    if p_table_id is null then
        return;
    end if;
    select a.source, a.activity_column, a.line_key into v_source, v_column, v_line_key
    from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    return query
    select 'TRIGGER', v_source, p_table_name, true, null::text,
           format('table %s has no %s trigger (source %s)', p_table_name, e.name,
                  v_source),
           format('call engagement.attach_triggers(%L, %L, %L, %L);', v_source, p_table_name,
                  p_key_expression, v_column)
    from unnest(array['insert', 'delete', 'update', 'truncate'],
                array[4, 8, 16, 32]) e (name, bit)
    where not exists (
        select from pg_trigger t
        inner join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = p_table_id and t.tgtype & e.bit > 0
              and p.pronamespace = 'engagement'::regnamespace
              and p.proname = 'capture__' || p_attachment_id)
          and not (e.name = 'insert' and v_line_key is not null);
    if v_line_key is not null and not engagement.has_late_lines(p_attachment_id) then
        v_problem.hint := 'The next run puts it and compares the source as a whole: '
            'call engagement.recalculate();';
        return query
        select 'TRIGGER', v_source, p_table_name, true, null::text,
               format('table %s has no insert trigger, and foreign key %s no longer proves that none '
                      'is needed (source %s)', p_table_name, v_line_key, v_source),
               v_problem.hint;
    end if;
    return query
    select 'TRIGGER', v_source, p_table_name, true, null::text,
           format('table %s: trigger %s is disabled (source %s)', p_table_name,
                  t.tgname, v_source),
           format('alter table %s enable trigger %I;', p_table_name, t.tgname)
    from pg_trigger t
    inner join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = p_table_id and t.tgenabled not in ('O', 'A')
          and p.pronamespace = 'engagement'::regnamespace
          and p.proname = 'capture__' || p_attachment_id
    order by t.tgname;
end
$$;
comment on function engagement.trigger_problems(integer, oid, text, text) is
    'Internal: problems of host_problems with the triggers of an attached table: missing or '
    'disabled.';
