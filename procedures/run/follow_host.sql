-- Internal. Follows what the host has done to its tables and views since the last run. A run begins
-- with it. If a view or table has changed, its routines are generated again, and its source is
-- compared as a whole. If that fails, the source or table fails, never the run. As long as changes
-- may be missed, every run compares the source as a whole.
-- Reads: activity_source, attached_table, host_problems, pg_catalog.
-- Writes: activity_source, attached_table, pending_activity, scoring_failure, recalculation_run,
-- generated routines. Locks: the setup lock, where something is generated.
create or replace function engagement.follow_host(p_run engagement.recalculation_run)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source engagement.activity_source;
    v_fingerprint text;
    v_attachment_id integer;
    v_problem record;
begin
    -- A view was replaced without being registered again, or a table or column it reads was
    -- renamed.
    for v_source in
        select * from engagement.activity_source s
        where s.detached_at is null and to_regclass(s.view_name) is not null
        order by s.source
    loop
        begin
            v_fingerprint := engagement.view_fingerprint(v_source.view_name);
            continue when v_fingerprint is not distinct from v_source.view_fingerprint;
            perform engagement.lock_setup();
            update engagement.activity_source s
            set view_fingerprint = v_fingerprint
            where s.source = v_source.source;
            perform engagement.clone_templates(v_source.source);
            perform engagement.spare_inserts(v_source.source);
            insert into engagement.pending_activity (source) values (v_source.source);
        exception
            when lock_not_available or deadlock_detected then
                null;  -- the host has locked a table of this view; the next run tries again
            when connection_exception then
                raise;  -- see run_sources
            when others then
                perform engagement.skip_source(p_run, v_source.source, sqlstate, sqlerrm);
        end;
    end loop;
    for v_attachment_id in
        select a.attachment_id
        from engagement.attached_table a
        where a.fingerprint is distinct from engagement.capture_fingerprint(a.attachment_id)
              or not exists (select from pg_proc p
                             where p.pronamespace = 'engagement'::regnamespace
                                   and p.proname = 'capture__' || a.attachment_id)
        order by a.attachment_id
    loop
        perform engagement.lock_setup();
        begin
            perform engagement.renew_capture(v_attachment_id);
        exception when lock_not_available or deadlock_detected then
            null;  -- the host has locked the table; host_problems reports it, the next run retries
        end;
    end loop;

    -- A foreign key has proven that a header just inserted has no lines. It proves it no more.
    for v_source in
        select s.*
        from engagement.activity_source s
        where exists (
            select from engagement.attached_table a
            where a.source = s.source and a.line_key is not null
                  and not engagement.has_late_lines(a.attachment_id))
        order by s.source
    loop
        perform engagement.lock_setup();
        begin
            perform set_config('lock_timeout', '500ms', true);
            perform engagement.spare_inserts(v_source.source);
            insert into engagement.pending_activity (source) values (v_source.source);
        exception when lock_not_available or deadlock_detected then
            null;  -- as above
        end;
    end loop;

    for v_problem in
        select h.problem_type, h.source, h.object_name, h.sqlstate_code, h.problem
        from engagement.host_problems() h
        where h.is_missed
    loop
        if v_problem.problem_type in ('SOURCE', 'VIEW') then
            perform engagement.skip_source(
                p_run,
                coalesce(v_problem.source, replace(v_problem.object_name, 'engagement_host.', '')),
                v_problem.sqlstate_code, v_problem.problem);
            continue;
        end if;
        insert into engagement.pending_activity (source)
        select v_problem.source
        where not exists (select from engagement.pending_activity p
                          where p.source = v_problem.source and p.activity_column is null);
        if v_problem.problem_type in ('ATTACHMENT', 'CHANGED') then
            -- Dated now, because the run resolves the failures that are older than its start.
            update engagement.scoring_failure f
            set failed_at = clock_timestamp()
            where f.source = v_problem.source and f.message = v_problem.problem
                  and f.resolved_at is null;
            if not found then
                insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)
                values (clock_timestamp(), v_problem.source,
                        coalesce(v_problem.sqlstate_code, 'EG008'), v_problem.problem);
            end if;
            update engagement.recalculation_run r
            set failed_sources = array_append(r.failed_sources,
                                              'triggers of ' || v_problem.object_name)
            where r.run_id = p_run.run_id;
        end if;
    end loop;
end
$$;
comment on function engagement.follow_host(engagement.recalculation_run) is
    'Internal: brings sources and attachments up to date with the host''s tables and views; part '
    'of phase PREPARE.';
