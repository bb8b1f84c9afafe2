-- Internal. Puts the statement triggers of an attachment on its table, those that are missing. A
-- trial puts none. An INSERT that can show nothing in the view needs none, see spare_inserts. A
-- trigger has the name of its source; where another attachment of the table has
-- that name, it has the attachment's number too. The number follows two underscores, which no
-- source has in its name.
-- Reads: attached_table, pg_catalog. Writes: the host's triggers.
-- Locks: SHARE ROW EXCLUSIVE on the table where a trigger is missing. Raises: EG008.
create or replace function engagement.put_triggers(p_attachment_id integer, p_is_trial boolean)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_attached engagement.attached_table;
    v_function text := format('engagement.capture__%s', p_attachment_id);
    v_event text;
    v_bit integer;
    v_trigger text;
    v_referencing text;
    v_is_missing boolean := false;
begin
    select a.* into v_attached from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    for v_event, v_bit in
        select e.name, e.bit
        from unnest(array['insert', 'update', 'delete', 'truncate'],
                    array[4, 16, 8, 32]) with ordinality e (name, bit, position)
        order by e.position
    loop
        continue when v_event = 'insert' and v_attached.line_key is not null;
        continue when exists (
            select from pg_trigger t
            where t.tgrelid = v_attached.table_id and t.tgtype & v_bit > 0
                  and t.tgfoid = to_regprocedure(v_function || '()')
                  and t.tgenabled in ('O', 'A')
        );
        -- A disabled trigger is replaced under the name that it has.
        select t.tgname into v_trigger
        from pg_trigger t
        where t.tgrelid = v_attached.table_id and t.tgtype & v_bit > 0
              and t.tgfoid = to_regprocedure(v_function || '()')
        order by t.tgname
        limit 1;
        if not found then
            v_trigger := format('engagement_%s_%s', v_attached.source, v_event);
            if exists (select from pg_trigger t
                       inner join pg_proc p on p.oid = t.tgfoid
                       where t.tgrelid = v_attached.table_id and t.tgname = v_trigger
                             and p.pronamespace = 'engagement'::regnamespace
                             and starts_with(p.proname, 'capture__')) then
                v_trigger := format('engagement_%s__%s_%s', v_attached.source, p_attachment_id,
                                    v_event);
            end if;
        end if;
        if not has_table_privilege(v_attached.table_id, 'trigger') then
            raise exception 'this role may not create triggers on the host''s table'
                using errcode = 'EG008', detail = format('table %s', v_attached.table_name),
                      hint = format('grant select, trigger on %s to %I;', v_attached.table_name,
                                    current_user);
        end if;
        continue when p_is_trial;
        v_is_missing := true;
        v_referencing := case v_event
            when 'insert' then 'referencing new table as new_rows'
            when 'update' then 'referencing old table as old_rows new table as new_rows'
            when 'delete' then 'referencing old table as old_rows'
            else '' end;
        execute format('create or replace trigger %I after %s on %s %s for each statement execute '
                       'function %s()',
                       v_trigger, v_event, v_attached.table_name, v_referencing, v_function);
        -- The TRIGGER privilege makes a trigger; only the table's owner may comment on it.
        continue when not pg_has_role(
            (select c.relowner from pg_class c where c.oid = v_attached.table_id), 'usage');
        execute format('comment on trigger %I on %s is %L', v_trigger, v_attached.table_name,
                       case when v_attached.is_settings
                            then format('pg-engagement: queues the whole source %s.',
                                        v_attached.source)
                            else format('pg-engagement: queues the %s keys of the rows of this '
                                        'statement, %s (source %s).', v_attached.activity_column,
                                        v_attached.key_expression, v_attached.source) end);
    end loop;
    return v_is_missing;
end
$$;
comment on function engagement.put_triggers(integer, boolean) is
    'Internal: puts the triggers of an attachment on its table that are not there, unless it is a '
    'trial; true if one was missing. Raises EG008 when the table takes no triggers.';
