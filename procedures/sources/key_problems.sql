-- Internal. The part of host_problems about an attached table itself: ATTACHMENT or CHANGED, or no
-- row. The arguments are those of present_attachments. A table that somebody has locked is
-- passed over after the caller's lock_timeout. Definer: the key runs as the package's owner.
-- Reads: attached_table, pg_catalog, the table (no row of it).
create or replace function engagement.key_problems(
    p_attachment_id integer, p_table_id oid, p_table_name text, p_key_expression text
)
returns setof engagement.host_problem
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
    v_source text;
    v_column text;
    v_fingerprint text;
    v_problem engagement.host_problem;
    v_state text;
    v_error text;
    v_probe refcursor;
begin
    select a.source, a.activity_column, a.fingerprint
    into v_source, v_column, v_fingerprint
    from engagement.attached_table a
    where a.attachment_id = p_attachment_id;
    if p_table_id is null then
        return query
        select 'ATTACHMENT', v_source, p_table_name, true, '42P01',
               format('table %s does not exist (source %s)', p_table_name, v_source),
               'Correct the adapter and deploy it: engagement deploy --host FILE.sql. If the table '
               'is no more: call engagement.detach_dropped_tables();';
        return;
    end if;
    begin
        open v_probe for execute format(
            'select (%s)::%s from %s t limit 0', p_key_expression,
            case when v_column = 'subject_id' then 'text' else 'engagement.host_key' end,
            p_table_name);
        close v_probe;
    exception
        when lock_not_available then
            null;
        when others then
            v_state := sqlstate;
            v_error := sqlerrm;
    end;
    if v_error is not null then
        return query
        select 'ATTACHMENT', v_source, p_table_name, true, v_state,
               format('table %s has no key %s (source %s): %s', p_table_name, p_key_expression,
                      v_source, v_error),
               format('Attach it by the key that it has now: '
                      'call engagement.attach_triggers(%L, %L, KEY, %L); and write that into '
                      'the adapter. If no key takes its place: '
                      'call engagement.detach_triggers(%1$L, %2$L); and attach the other keys '
                      'again.', v_source, p_table_name, v_column);
    elsif v_fingerprint is distinct from engagement.capture_fingerprint(p_attachment_id) then
        v_problem.hint := 'The next run brings them up to date and compares the source as a whole: '
            'call engagement.recalculate();';
        return query
        select 'CHANGED', v_source, p_table_name, true, null,
               format('table %s is not as it was when its triggers were generated '
                      '(source %s)', p_table_name, v_source),
               v_problem.hint;
    end if;
end
$$;
comment on function engagement.key_problems(integer, oid, text, text) is
    'Internal: problem of host_problems with an attached table: it is gone, has no such key, or '
    'has changed since its triggers were generated.';
