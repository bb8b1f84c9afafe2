-- API. Changes of the host's tables and views that keep a source from being read, or changes from
-- being captured; each with the statement that repairs it. `engagement check` shows them, and a run
-- acts on them.
--
--   SOURCE       the view of a source is gone or cannot be read: its scores stay as they are
--   VIEW         one of the three views that every host has is gone or cannot be read: what is
--                looked up there stays as it is
--   ATTACHMENT   the table is gone, or its key cannot be computed: nothing is captured by key
--   CHANGED      the table has changed since the triggers' routine was generated
--   TRIGGER      a trigger is missing or disabled
--   REPLICATION  a subscription writes to the table, and fires no statement triggers
--   CHILD        an inheritance child of the table has no triggers of its own
--   PARENT       the table is a partition or a child of a table without triggers, and statements on
--                that table write to it
--
-- A table that another session has locked for more than half a second (less than the server takes
-- to find a deadlock) is passed over. Definer, because operators may not read the host's tables. It
-- takes names and keys from the package's own tables.
-- Reads: activity_source, attached_table, pg_catalog, the views and tables (but none of their
-- rows).
create or replace function engagement.host_problems()
returns table (
    problem_type text,
    source text,
    object_name text,
    is_missed boolean,
    sqlstate_code text,
    problem text,
    hint text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '500ms'
as $$
#variable_conflict use_column
declare
    v_redeploy constant text :=
        'Correct the adapter and deploy it: engagement deploy --host FILE.sql.';
    v_columns text;
    v_attached record;
    v_probe refcursor;
    v_error text;
begin
    for source, object_name in
        select s.source, s.view_name
        from engagement.activity_source s
        where s.detached_at is null
        order by s.source
    loop
        problem_type := 'SOURCE';
        is_missed := true;
        begin
            open v_probe for execute format('select from %s v limit 0', object_name);
            close v_probe;
        exception
            when lock_not_available then
                null;
            when others then
                sqlstate_code := sqlstate;
                problem := case when to_regclass(object_name) is null
                    then format('view %s of source %s does not exist', object_name, source)
                    else format('view %s of source %s cannot be read: %s', object_name, source,
                                sqlerrm) end;
                hint := format('%s If the source is no more: '
                               'call engagement.unregister_source(%L);', v_redeploy, source);
                return next;
        end;
    end loop;
    source := null;
    for object_name, v_columns in
        select 'engagement_host.' || u.n, u.columns
        from (values
            ('customer', 'customer_id, customer_type, display_name, is_active'),
            ('employment', 'employee_id, employer_id, is_primary, begin_on, end_on'),
            ('subject', 'engagement_type, subject_id, subject_class, display_name')
        ) u (n, columns)
        where exists (select from engagement.activity_source s where s.detached_at is null)
    loop
        problem_type := 'VIEW';
        begin
            open v_probe for execute format('select %s from %s v limit 0', v_columns, object_name);
            close v_probe;
        exception
            when lock_not_available then
                null;
            when others then
                sqlstate_code := sqlstate;
                problem := case when to_regclass(object_name) is null
                    then format('view %s does not exist', object_name)
                    else format('view %s cannot be read: %s', object_name, sqlerrm) end;
                hint := v_redeploy;
                return next;
        end;
    end loop;

    for v_attached in
        select a.attachment_id, a.source, a.activity_column, a.fingerprint, p.table_id,
               p.table_name, p.key_expression,
               format('call engagement.attach_triggers(%L, %L, %L, %L);', a.source, p.table_name,
                      p.key_expression, a.activity_column) as attach
        from engagement.attached_table a
        inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
        order by p.table_name, a.source, a.attachment_id
    loop
        source := v_attached.source;
        object_name := v_attached.table_name;
        is_missed := true;
        sqlstate_code := null;
        if v_attached.table_id is null then
            problem_type := 'ATTACHMENT';
            sqlstate_code := '42P01';
            problem := format('table %s does not exist (source %s)', object_name, source);
            hint := v_redeploy || ' If the table is no more: '
                'call engagement.detach_dropped_tables();';
            return next;
            continue;
        end if;
        v_error := null;
        begin
            open v_probe for execute format(
                'select (%s)::%s from %s t limit 0', v_attached.key_expression,
                case when v_attached.activity_column = 'subject_id' then 'text'
                     else 'engagement.host_key' end, object_name);
            close v_probe;
        exception
            when lock_not_available then
                null;
            when others then
                sqlstate_code := sqlstate;
                v_error := sqlerrm;
        end;
        if v_error is not null then
            problem_type := 'ATTACHMENT';
            problem := format('table %s has no key %s (source %s): %s', object_name,
                              v_attached.key_expression, source, v_error);
            hint := format('Attach it by the key that it has now: '
                           'call engagement.attach_triggers(%L, %L, KEY, %L); and write that into '
                           'the adapter.', source, object_name, v_attached.activity_column);
            return next;
        elsif v_attached.fingerprint
              is distinct from engagement.capture_fingerprint(v_attached.attachment_id) then
            problem_type := 'CHANGED';
            problem := format('table %s is not as it was when its triggers were generated '
                              '(source %s)', object_name, source);
            hint := 'The next run brings them up to date and compares the source as a whole: '
                'call engagement.recalculate();';
            return next;
        end if;
        return query
        select 'TRIGGER', v_attached.source, v_attached.table_name, true, null::text,
               format('table %s has no %s trigger (source %s)', v_attached.table_name, e.name,
                      v_attached.source),
               v_attached.attach
        from unnest(array['insert', 'delete', 'update', 'truncate'],
                    array[4, 8, 16, 32]) e (name, bit)
        where not exists (
            select from pg_trigger t
            inner join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = v_attached.table_id and t.tgtype & e.bit > 0
                  and p.pronamespace = 'engagement'::regnamespace
                  and p.proname = 'capture__' || v_attached.attachment_id);
        return query
        select 'TRIGGER', v_attached.source, v_attached.table_name, true, null::text,
               format('table %s: trigger %s is disabled (source %s)', v_attached.table_name,
                      t.tgname, v_attached.source),
               format('alter table %s enable trigger %I;', v_attached.table_name, t.tgname)
        from pg_trigger t
        inner join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = v_attached.table_id and t.tgenabled not in ('O', 'A')
              and p.pronamespace = 'engagement'::regnamespace
              and p.proname = 'capture__' || v_attached.attachment_id
        order by t.tgname;
        return query
        with recursive part (table_id, is_itself) as (
            select v_attached.table_id, true
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
        select 'REPLICATION', v_attached.source, f.name, true, null::text,
               format('table %s receives rows from a subscription, past its triggers (source %s)',
                      f.name, v_attached.source),
               'Logical replication fires no statement trigger. Each run compares the source as a '
               'whole; between runs only a refresh sees what came.'
        from found f
        where f.is_subscribed
        union all
        select 'CHILD', v_attached.source, f.name, false, null,
               format('table %s inherits from %s and has no triggers (source %s)', f.name,
                      v_attached.table_name, v_attached.source),
               format('call engagement.attach_triggers(%L, %L, %L, %L);', v_attached.source, f.name,
                      v_attached.key_expression, v_attached.activity_column)
        from found f
        where not f.is_itself and not f.relispartition and f.relkind in ('r', 'p')
              and not exists (
                  select from engagement.present_attachments() p
                  inner join engagement.attached_table a on a.attachment_id = p.attachment_id
                  where a.source = v_attached.source and p.table_id = f.table_id)
        order by 1, 3;
        return query
        with recursive ancestor (table_id) as (
            select i.inhparent from pg_inherits i where i.inhrelid = v_attached.table_id
            union
            select i.inhparent
            from ancestor a
            inner join pg_inherits i on i.inhrelid = a.table_id
        )
        select 'PARENT', v_attached.source, v_attached.table_name, true, null::text,
               format('table %s is written to through %s, which has no triggers (source %s)',
                      v_attached.table_name, f.name, v_attached.source),
               format('call engagement.attach_triggers(%L, %L, %L, %L); and write that into the '
                      'adapter.', v_attached.source, f.name, v_attached.key_expression,
                      v_attached.activity_column)
        from (select a.table_id, format('%I.%I', n.nspname, c.relname) as name
              from ancestor a
              inner join pg_class c on c.oid = a.table_id
              inner join pg_namespace n on n.oid = c.relnamespace) f
        where not exists (
            select from engagement.present_attachments() p
            inner join engagement.attached_table a on a.attachment_id = p.attachment_id
            where a.source = v_attached.source and p.table_id = f.table_id)
        order by f.name;
    end loop;
end
$$;
comment on function engagement.host_problems() is
    'Changes of the host''s tables and views that keep sources from being read or changes from '
    'being captured: problem_type (SOURCE, VIEW, ATTACHMENT, CHANGED, TRIGGER, REPLICATION, CHILD, '
    'PARENT), source, object_name, is_missed (each run compares the whole source until this is '
    'repaired; for SOURCE and VIEW: nothing is scored by it), sqlstate_code (NULL unless a run '
    'counts it as a failure), problem, hint (how to repair it). No rows: no problem.';
