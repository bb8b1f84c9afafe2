-- Internal. Phase SOURCES: compares sources as a whole. The first step stages a source: it reads
-- everything once. Each further step applies one batch of the differences. Changes that the host
-- commits after the staging have their keys in the queue; they are taken when the stage is
-- exhausted. A session that needs one of these awards waits for a step, so a step is small, and
-- itself waits at most 200 ms for a lock.
-- Reads: recalculation_source, the stage. Writes: award, recalculation_source, recalculation_key,
-- scoring_failure.
create or replace function engagement.run_sources(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
set enable_seqscan = off
set jit = off
as $$
declare
    v_began_at timestamptz := clock_timestamp();
    v_size integer := coalesce(p_run.batch_size, 4000);
    v_source text;
    v_first bigint;
    v_last bigint;
    v_changes engagement.award[];
    v_counts bigint[];
begin
    select s.source into v_source
    from engagement.recalculation_source s
    where s.source <> all (p_run.failed_sources)
    order by s.source
    limit 1;
    if not found then
        return false;
    end if;
    begin
        if not exists (select from engagement.activity_source s where s.source = v_source) then
            v_counts := array[0, engagement.void_source(p_run, v_source)];
            if v_counts[2] = 0 then
                delete from engagement.recalculation_source s where s.source = v_source;
            end if;
        elsif exists (select from engagement.activity_source s
                      where s.source = v_source and s.detached_at is not null) then
            delete from engagement.recalculation_source s where s.source = v_source;
            return true;
        elsif obj_description(to_regclass('pg_temp.engagement_stage'), 'pg_class')
              is distinct from engagement.stage_name(v_source)
              -- The caller may have created a table of that name, with triggers on it.
              or not exists (select from pg_class c
                             where c.oid = to_regclass('pg_temp.engagement_stage')
                                   and pg_get_userbyid(c.relowner) = current_user) then
            execute format('select engagement.%I($1)', 'stage_source__' || v_source)
                using p_run;
            return true;
        else
            -- A batch of the run takes as many batches of the stage (2,000 each) as fit its size.
            v_first := coalesce(p_run.staged_batch + 1, 0);
            v_last := v_first + greatest(v_size / 2000, 1) - 1;
            if not exists (select from pg_temp.engagement_stage s
                           where s.batch between v_first and v_last) then
                -- Either the stage is exhausted, or its numbers have a gap: one activity filled
                -- more than a batch.
                v_first := (select min(s.batch) from pg_temp.engagement_stage s
                            where s.batch > v_last);
                v_last := v_first;
            end if;
            if v_first is not null then
                perform set_config('lock_timeout', '200ms', true);
                v_counts := engagement.fill_batch(p_run, v_source, v_first, v_last);
                if v_counts is null then
                    v_changes := array(
                        select row(s.customer_id, s.source_id, s.document_id, s.employer_id,
                                   s.effective_at, s.expires_at, s.recorded_at, null, s.rule_id,
                                   v_source, s.subject_id, s.subject_class, s.quantity, s.amount,
                                   s.points, null, s.reversals)::engagement.award
                        from pg_temp.engagement_stage s
                        where s.batch between v_first and v_last
                              and (s.is_scorable or engagement.reject_activity(
                                  v_source, s.source_id::text, s.rule_id, p_run.started_at)));
                    execute format('select engagement.%I($1, $2)', 'apply_awards__' || v_source)
                        into v_counts using v_changes, p_run.started_at;
                end if;
                update engagement.recalculation_run r
                set staged_batch = v_last,
                    done_count = r.done_count + (
                        select count(*) from pg_temp.engagement_stage s
                        where s.batch between v_first and v_last),
                    batch_size = engagement.next_batch_size(
                        p_size => v_size, p_began_at => v_began_at, p_least => 2000,
                        p_most => 20000)
                where r.run_id = p_run.run_id;
            else
                drop table pg_temp.engagement_stage;
                delete from engagement.recalculation_source s where s.source = v_source;
                perform engagement.take_keys(p_run, v_source);
                return true;
            end if;
        end if;
    exception
        when lock_not_available then
            if v_first is null then
                perform engagement.skip_source(p_run, v_source, sqlstate, sqlerrm);
                return true;
            end if;
            -- An open transaction of the host has locked some of these awards. The next phase takes
            -- the activities one by one.
            insert into engagement.recalculation_key (source, source_id)
            select distinct v_source, s.source_id from pg_temp.engagement_stage s
            where s.batch between v_first and v_last
            on conflict (source, source_id) do nothing;
            update engagement.recalculation_run r
            set staged_batch = v_last
            where r.run_id = p_run.run_id;
            return true;
        when connection_exception then
            raise;  -- a node of the cluster is away: the run ends here; the next call resumes it
        when others then
            if to_regclass('pg_temp.engagement_stage') is not null then
                drop table pg_temp.engagement_stage;
            end if;
            perform engagement.divide_source(p_run, v_source, sqlstate, sqlerrm);
            return true;
    end;
    update engagement.recalculation_run r
    set award_count = r.award_count + v_counts[1], void_count = r.void_count + v_counts[2]
    where r.run_id = p_run.run_id;
    return true;
end
$$;
comment on function engagement.run_sources(engagement.recalculation_run) is
    'Internal: phase SOURCES of a run.';
