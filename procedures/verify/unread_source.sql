-- Internal. Why a run could not read a source that waits for one: its view is gone or broken, or
-- the last run has failed on it. Definer, because the caller may not be allowed to read the view.
-- Reads: activity_source, recalculation_run, scoring_failure, the definition of the view.
-- Raises: EG006.
create or replace function engagement.unread_source(p_source text)
returns text
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
    v_view text := (select s.view_name from engagement.activity_source s where s.source = p_source);
    v_failed_sources text[];
begin
    -- Without a view's name the query would read the caller's temporary table v.
    if v_view is null then
        raise exception 'unknown source'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = 'select source from engagement.activity_source lists them.';
    end if;
    begin
        execute format('select from %s v limit 0', v_view);
    exception
        when connection_exception then
            raise;  -- see verify
        when others then
            return format('%s %s', sqlstate, sqlerrm);
    end;
    select r.failed_sources into v_failed_sources
    from engagement.recalculation_run r
    where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP'
    order by r.run_id desc
    limit 1;
    if p_source = any (v_failed_sources) then
        return coalesce((
            select format('%s %s', f.sqlstate_code, f.message)
            from engagement.scoring_failure f
            where f.source = p_source and f.source_id is null and f.keys is null
                  and f.resolved_at is null
            order by f.failed_at desc
            limit 1
        ), 'the last run could not read it');
    end if;
    return null;
end
$$;
comment on function engagement.unread_source(text) is
    'Internal: why a source cannot be read, or why the last run could not read it; NULL: no reason '
    'is known. Raises EG006 for an unknown source.';
