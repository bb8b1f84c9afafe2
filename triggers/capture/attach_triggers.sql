-- API. Puts the package's statement triggers on a host table. A table may be attached to a source
-- several times, by different keys or activity columns; each attachment has triggers of its own. If
-- the same attachment is there already, no trigger changes, so a deployment takes no unnecessary
-- lock on the host's tables. An attachment whose key the table no longer has captures nothing by
-- key: a call with a new key for the same activity column takes its place. During a trial of an
-- adapter (engagement.is_trial is Y) it does everything except creating the triggers, because their
-- lock would keep the host from writing until the trial ends. An attachment follows its table: a
-- renamed table keeps it.
-- Reads: pg_catalog, the settings engagement.made_by and engagement.is_trial of the transaction.
-- Writes: attached_table, pending_activity, the generated routine, the host's triggers, the setting
-- engagement.attached_ids of the transaction.
-- Definer: the objects it creates belong to the package's owner, whoever calls.
-- Locks: the setup lock; SHARE ROW EXCLUSIVE on the table if a trigger is missing.
-- Raises: EG006, EG008, EG015.
create or replace procedure engagement.attach_triggers(
    p_source text, p_table regclass, p_key_column text, p_activity_column text default 'source_id'
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_kind "char";
    v_is_partition boolean;
    v_table_name text;
    v_key text;
    v_is_settings boolean;
    v_column text := p_activity_column;
    v_attachment_id integer;
    v_view_name text;
    v_looked_up text;
    v_unindexed text[];
    -- Set by the deployer: ADAPTER or PACKAGE while it applies a file that attaches.
    v_made_by constant text := nullif(current_setting('engagement.made_by', true), '');
    v_is_trial constant boolean := coalesce(current_setting('engagement.is_trial', true), '') = 'Y';
begin
    perform engagement.lock_setup();
    if p_source in ('customer', 'employment') then
        v_column := 'customer_id';  -- the customer, or the employee
    elsif not exists (select from engagement.activity_source s
                      where s.source = p_source and s.detached_at is null) then
        raise exception 'unknown source'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = format('Register it first: call engagement.register_source(%L, '
                                '''PRODUCT_PURCHASE'', ''ORDER_CREATION'', %L);',
                                p_source, 'engagement_host.' || p_source);
    elsif v_column is null
          or v_column not in ('source_id', 'document_id', 'customer_id', 'subject_id') then
        raise exception 'unknown activity column'
            using errcode = 'EG008',
                  detail = format('source %s, activity column %L', p_source, v_column),
                  hint = format('Use source_id, document_id, customer_id or subject_id: call '
                                'engagement.attach_triggers(%L, %L, %L, ''source_id'');',
                                p_source, p_table, p_key_column);
    end if;
    select c.relkind, c.relispartition, format('%I.%I', n.nspname, c.relname)
    into v_kind, v_is_partition, v_table_name
    from pg_class c
    inner join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table;
    if v_kind is distinct from 'r' and v_kind is distinct from 'p' then
        raise exception 'triggers need a table'
            using errcode = 'EG008',
                  detail = format('%s is a %s', coalesce(v_table_name, 'NULL'), case v_kind
                      when 'v' then 'view' when 'm' then 'materialized view'
                      when 'f' then 'foreign table'
                      else 'relation of another kind' end),
                  hint = case
                      when v_kind in ('v', 'm')
                          then format('Attach the tables that it reads: '
                                      'select pg_get_viewdef(%L::regclass, true);', v_table_name)
                      else 'Leave it without triggers: only a FULL run sees what changes there.'
                      end;
    elsif v_is_partition then
        raise exception 'triggers need the partitioned table, not a partition'
            using errcode = 'EG008', detail = format('%s is a partition', v_table_name),
                  hint = format('call engagement.attach_triggers(%L, %L, %L, %L);', p_source,
                                (select i.inhparent::regclass from pg_inherits i
                                 where i.inhrelid = p_table), p_key_column, v_column);
    end if;

    v_key := engagement.check_key(p_table, v_table_name, p_key_column, v_column);
    v_is_settings := v_key = 'null';
    -- Nothing looks for rows of the table by the key: what is looked up is the view, by the column
    -- that the key leads to. A trial measures that itself.
    v_view_name := coalesce((select s.view_name from engagement.activity_source s
                             where s.source = p_source), 'engagement_host.' || p_source);
    v_looked_up := case when p_source = 'employment' then 'employee_id' else v_column end;
    if not v_is_settings and not v_is_trial then
        v_unindexed := engagement.unindexed_tables(v_view_name, v_looked_up);
    end if;
    if v_unindexed <> '{}' then
        raise warning 'no index serves the look-up of source % by %', p_source, v_column
            using detail = format('read from end to end for every key: %s',
                                  array_to_string(v_unindexed, ', ')),
                  hint = coalesce(
                      (select string_agg(distinct m.index_sql, ' ' order by m.index_sql)
                       from engagement.missing_indexes(v_view_name, v_looked_up) m),
                      'Create an index on exactly the expression that the view selects or joins by: '
                      'a column id that it casts needs an index on ((id::bigint)).');
    end if;

    select f.attachment_id into v_attachment_id
    from (
        select a.attachment_id, p.key_expression = v_key as is_same,
               exists (select from engagement.key_problems(p.attachment_id, p.table_id,
                                                           p.table_name, p.key_expression) k
                       where k.problem_type = 'ATTACHMENT') as is_broken
        from engagement.attached_table a
        inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
        where a.source = p_source and p.table_id = p_table and a.activity_column = v_column
    ) f
    where f.is_same or f.is_broken
    order by f.is_same desc, f.attachment_id
    limit 1;
    if not found then
        select coalesce(max(a.attachment_id), 0) + 1 into v_attachment_id
        from engagement.attached_table a;
    end if;
    insert into engagement.attached_table (
        attachment_id, source, table_name, table_id, key_expression, is_settings, activity_column,
        attached_at, made_by
    )
    values (v_attachment_id, p_source, v_table_name, p_table, v_key, v_is_settings, v_column,
            clock_timestamp(), coalesce(v_made_by, 'HAND'))
    on conflict (attachment_id) do update
    set table_name = excluded.table_name,
        table_id = excluded.table_id,
        key_expression = excluded.key_expression,
        is_settings = excluded.is_settings,
        key_number = null,
        activity_column = excluded.activity_column,
        attached_at = excluded.attached_at,
        made_by = coalesce(v_made_by, attached_table.made_by)
    where (attached_table.table_name, attached_table.table_id, attached_table.key_expression,
           attached_table.activity_column, attached_table.made_by)
          is distinct from (excluded.table_name, excluded.table_id, excluded.key_expression,
                            excluded.activity_column,
                            coalesce(v_made_by, attached_table.made_by));
    perform set_config('engagement.attached_ids',
                       concat_ws(',', nullif(current_setting('engagement.attached_ids', true), ''),
                                 v_attachment_id), true);
    perform engagement.generate_capture(v_attachment_id);

    -- What changed while a trigger was missing, nobody captured.
    if engagement.put_triggers(v_attachment_id, v_is_trial) then
        insert into engagement.pending_activity (source)
        select p_source
        where not exists (select from engagement.pending_activity p
                          where p.source = p_source and p.activity_column is null);
    end if;
    if not v_is_trial then
        perform engagement.spare_inserts(p_source);
    end if;
end
$$;
comment on procedure engagement.attach_triggers(text, regclass, text, text) is
    'Puts statement triggers (insert, update, delete, truncate) on a host table. p_source is a '
    'registered source, customer or employment. p_key_column is a column, or an expression over '
    'the row, whose value is the view''s p_activity_column. ''null'': a table of settings that any '
    'row of the view may depend on; the next run re-derives the whole source after a change. A '
    'table may be attached several times, by different keys or activity columns. '
    'Raises EG006 (source), EG008 (table, key, column), EG015 (the key runs code of a role that is '
    'not trusted). Warns if no index serves the view''s look-up by p_activity_column.';
