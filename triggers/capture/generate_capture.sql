-- Internal. Generates the trigger routine of one attachment: capture, never block.
--
-- The host's statement must not notice it. It appends one row to the queue; in IMMEDIATE mode it
-- then brings the awards of these rows up to date. All of it stands in one exception block, waits
-- 50 ms for a lock at most, and on any error leaves the keys in the queue. In a SERIALIZABLE
-- transaction it only queues.
-- After 50 calls in one transaction it only queues as well: a block that writes is a subtransaction
-- with an id, and more than 64 of them slow down every session. From then on the block only reads,
-- and the append stands outside it: the same append has worked 50 times, or is_broken says that it
-- has not.
-- Calls are assignments where they can be: PL/pgSQL evaluates those without a query.
-- A table whose key is the word null holds settings that any activity may depend on: its changes
-- queue the whole source, for the next run to compare; never in the host's transaction.
-- Virtual generated columns are not computed in a statement's rows: their expressions stand for
-- them. A routine that is generated from something else than before may have missed changes until
-- now: the whole source is queued.
-- Reads: attached_table, activity_source, pg_catalog. Writes: the routine, attached_table,
-- pending_activity. Raises: EG008; whatever keeps the key from being computed.
create or replace function engagement.generate_capture(p_attachment_id integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $body$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- made for the coordinator only
    v_attached engagement.attached_table;
    v_table_id oid;
    v_fingerprint text;
    v_row text;
    v_probe refcursor;
    v_key text;
    v_columns text;
    v_groups text;
    v_rows_of text[];
    v_is_settings boolean;
    v_settings text := '';
    v_by_event text;
    v_append text;
    v_collect text;
    v_award text;
begin
    select * into strict v_attached
    from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    select p.table_id, p.table_name, p.key_expression
    into v_table_id, v_attached.table_name, v_attached.key_expression
    from engagement.present_attachments() p
    where p.attachment_id = p_attachment_id;
    if v_table_id is null then
        raise exception 'attached table does not exist'
            using errcode = 'EG008',
                  detail = format('source %s, table %s', v_attached.source, v_attached.table_name),
                  hint = 'If it is no more: call engagement.detach_dropped_tables().';
    end if;
    v_is_settings := v_attached.key_expression = 'null';
    v_key := format('((%s)::%s)::text', v_attached.key_expression,
                    case when v_attached.activity_column = 'subject_id' then 'text'
                         else 'engagement.host_key' end);
    -- An expression may say something else under other settings; a column does not.
    if not exists (select from pg_attribute a
                   where a.attrelid = v_table_id and a.attnum > 0
                         and quote_ident(a.attname) = v_attached.key_expression) then
        v_settings := ' set timezone = ''UTC'' set datestyle = ''ISO, YMD'' '
            'set intervalstyle = ''postgres'' set extra_float_digits = 1';
    end if;
    open v_probe for execute format('select %s from %s t limit 0', v_key, v_attached.table_name);
    close v_probe;
    select string_agg(case when k.attgenerated = 'v'
                           then format('(%s) as %I', pg_get_expr(d.adbin, d.adrelid), k.attname)
                           else quote_ident(k.attname) end, ', ' order by k.attnum)
    into v_row
    from pg_attribute k
    left join pg_attrdef d on d.adrelid = k.attrelid and d.adnum = k.attnum
    where k.attrelid = v_table_id and k.attnum > 0 and not k.attisdropped
    having bool_or(k.attgenerated = 'v');
    -- A change is what differs letter by letter: types without equality (json, point, …) and those
    -- whose collation may think different texts equal are compared as text.
    select string_agg(format(', t.%I%s as c%s', a.attname,
                             case when a.attcollation <> 0 then '::text collate "C"'
                                  when o.oid is null then '::text' else '' end, a.attnum),
                      '' order by a.attnum),
           string_agg(format(', u.c%s', a.attnum), '' order by a.attnum)
    into v_columns, v_groups
    from pg_attribute a
    left join (pg_opclass o inner join pg_am m on m.oid = o.opcmethod and m.amname = 'btree')
        on o.opcdefault and o.opcintype = a.atttypid
    where a.attrelid = v_table_id
          and a.attname = any (array(select r.name from unnest(engagement.relevant_columns(
              array[engagement.source_view(v_attached.source)], v_table_id)) r (name)));

    v_rows_of := array[
        format('select k.key from (select %s from new_rows t) k (key) where k.key is not null',
               v_key),
        format('select k.key from (select %s from old_rows t) k (key) where k.key is not null',
               v_key),
        -- A row that is the same before and after cancels out.
        format('select distinct u.key from (select %1$s as key%2$s, -1 as side from old_rows t '
               'union all select %1$s%2$s, 1 from new_rows t) u where u.key is not null '
               'group by u.key%3$s having sum(u.side) <> 0',
               v_key, v_columns, v_groups)];
    if v_row is not null then
        v_rows_of := array(
            select regexp_replace(r, 'from (new|old)_rows t',
                                  format('from (select %s from \1_rows) t',
                                         replace(v_row, '\', '\\')), 'g')
            from unnest(v_rows_of) with ordinality as u (r, n) order by u.n);
    end if;
    v_append := format($sql$
                insert into engagement.pending_activity (source, activity_column, keys)
                select %L, %L, k.keys
                from (select array({rows}) as keys offset 0) k
                where k.keys <> '{}'
                returning keys into v_keys;$sql$, v_attached.source, v_attached.activity_column);
    v_collect := $sql$
                v_keys := nullif(array({rows}), '{}');$sql$;
    if v_is_settings then
        v_rows_of := array(select replace(replace(r, ' where k.key is not null', ''),
                                          ' where u.key is not null', '')
                           from unnest(v_rows_of) with ordinality as u (r, n) order by u.n);
        v_append := format($sql$
                insert into engagement.pending_activity (source)
                select %L where exists ({rows});$sql$, v_attached.source);
        v_collect := $sql$
                v_is_whole := exists ({rows});$sql$;
    end if;
    v_by_event := $sql$
            if tg_op = 'INSERT' then{insert}
            elsif tg_op = 'UPDATE' then{update}
            elsif tg_op = 'DELETE' then{delete}$sql$;
    v_append := replace(replace(replace(v_by_event,
        '{insert}', replace(v_append, '{rows}', v_rows_of[1])),
        '{delete}', replace(v_append, '{rows}', v_rows_of[2])),
        '{update}', replace(v_append, '{rows}', v_rows_of[3]));
    v_collect := replace(replace(replace(v_by_event,
        '{insert}', replace(v_collect, '{rows}', v_rows_of[1])),
        '{delete}', replace(v_collect, '{rows}', v_rows_of[2])),
        '{update}', replace(v_collect, '{rows}', v_rows_of[3]));
    v_award := case
        when v_attached.source = 'customer' or v_is_settings then null
        when v_attached.source = 'employment' then
            'v_count := engagement.award_customers(v_keys, clock_timestamp());'
        else format($sql$v_counts := engagement.%I(
                    case when tg_op <> 'TRUNCATE' then %L end, v_keys, clock_timestamp(),
                    tg_op = 'INSERT');$sql$,
                    'sync_awards__' || v_attached.source, v_attached.activity_column)
    end;
    v_award := coalesce($sql$
            -- In a serializable transaction what it would read could make the host's commit fail.
            if engagement.parameter('TRIGGER_MODE') = 'IMMEDIATE'
               and (v_keys is not null or tg_op = 'TRUNCATE')
               and current_setting('transaction_isolation') <> 'serializable' then
                $sql$ || v_award || $sql$
            end if;$sql$, '');

    execute format($sql$
create or replace function engagement.%I()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp%s
set lock_timeout = '50ms'
as $f$
#variable_conflict use_column
declare
    -- One letter a call, 51 at most.
    v_calls text := set_config(
        'engagement.scoring_calls',
        left(coalesce(current_setting('engagement.scoring_calls', true), ''), 50) || 'x', true);
    v_keys text[];
    v_is_whole boolean;
    v_count bigint;
    v_counts bigint[];
begin
    if engagement.parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'N' then
        raise notice 'engagement scores are switched off (CALCULATE_ENGAGEMENT_SCORE_POINTS is N)';
    elsif length(v_calls) <= 50 then
        begin%s
            else
                insert into engagement.pending_activity (source) values (%L), ('customer');
            end if;%s
        exception when others then
            perform engagement.capture_failed(%L, %L, v_keys, sqlstate, sqlerrm);
        end;
    elsif coalesce(current_setting('engagement.is_broken', true), '') <> 'Y' then
        v_is_whole := tg_op = 'TRUNCATE';
        begin%s
            end if;
        exception when others then
            v_is_whole := true;
        end;
        insert into engagement.pending_activity (source, activity_column, keys)
        select %L, case when not v_is_whole then %L end, case when not v_is_whole then v_keys end
        where v_is_whole or v_keys is not null;
    end if;
    return null;
end
$f$$sql$, 'capture__' || p_attachment_id, v_settings, v_append, v_attached.source, v_award, v_attached.source,
        v_attached.activity_column, v_collect, v_attached.source, v_attached.activity_column);
    execute format('revoke all on function engagement.%I() from public',
                   'capture__' || p_attachment_id);
    execute format('comment on function engagement.%I() is %L', 'capture__' || p_attachment_id,
                   format('Generated by engagement.generate_capture: captures changes of %s for '
                          'source %s.',
                          v_attached.table_name, v_attached.source));
    perform engagement.propagate_ddl(v_was);

    v_fingerprint := engagement.capture_fingerprint(p_attachment_id);
    if v_attached.fingerprint <> v_fingerprint then
        insert into engagement.pending_activity (source) values (v_attached.source);
    end if;
    update engagement.attached_table a
    set table_id = v_table_id, table_name = v_attached.table_name,
        key_expression = v_attached.key_expression, fingerprint = v_fingerprint,
        key_number = k.number
    from (select max(c.attnum) as number
          from pg_attribute c
          where c.attrelid = v_table_id and c.attnum > 0 and not c.attisdropped
                and quote_ident(c.attname) = v_attached.key_expression) k
    where a.attachment_id = p_attachment_id
          and (a.table_id, a.table_name, a.key_expression, a.fingerprint, a.key_number)
              is distinct from (v_table_id, v_attached.table_name, v_attached.key_expression,
                                v_fingerprint, k.number);
end
$body$;
comment on function engagement.generate_capture(integer) is
    'Internal: generates the trigger routine capture__ID of an attachment.';
