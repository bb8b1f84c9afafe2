-- Internal. Re-derives a batch of activities. If one of them cannot be read (its view divides by
-- zero, say), the batch is halved until that activity stands alone. It goes back to the queue with
-- its error; the others are scored. If the view itself is broken, the source fails instead.
-- The batch waits at most 200 ms for awards that an open transaction of the host has locked,
-- because other sessions may wait for the batch. Then the activities of these awards go back to the
-- queue, and the others are scored. A run records that as a failure. catch_up (a run without a
-- number) does not, because it tries again within a second.
-- Writes: award, scoring_failure, pending_activity, recalculation_key, recalculation_run.
create or replace function engagement.award_batch(
    p_run engagement.recalculation_run, p_source text, p_ids engagement.host_key[]
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
set enable_seqscan = off
set jit = off
as $$
declare
    v_counts bigint[];
    v_half integer := cardinality(p_ids) / 2;
    v_busy engagement.host_key[];
    v_left bigint[];
    v_right bigint[];
begin
    begin
        update engagement.scoring_failure f
        set resolved_at = p_run.started_at
        where f.source = p_source and f.source_id = any (p_ids::text[]) and f.resolved_at is null;
        execute format('select engagement.%I($1, $2, $3)', 'sync_awards__' || p_source)
            into v_counts using 'source_id', p_ids::text[], p_run.started_at;
        return v_counts;
    exception
        when syntax_error_or_access_rule_violation then
            insert into engagement.recalculation_key (source, source_id)
            select p_source, i from unnest(p_ids) i
            on conflict (source, source_id) do nothing;
            perform engagement.skip_source(p_run, p_source, sqlstate, sqlerrm);
            return array[0, 0];
        when connection_exception then
            raise;  -- see run_sources
        when others then
            if cardinality(p_ids) = 1 then
                v_busy := p_ids;
            elsif sqlstate = '55P03' then
                v_busy := engagement.busy_activities(p_source, p_ids);
                if v_busy = '{}' and cardinality(p_ids) <= 100 then
                    v_busy := p_ids;  -- another session is inserting an award of one of them
                end if;
            end if;
            if v_busy <> '{}' then
                insert into engagement.pending_activity (source, activity_column, keys)
                values (p_source, 'source_id', v_busy::text[]);
                insert into engagement.scoring_failure (
                    failed_at, source, activity_column, keys, source_id, sqlstate_code, message
                )
                select clock_timestamp(), p_source, 'source_id', v_busy::text[],
                       case when cardinality(v_busy) = 1 then v_busy[1]::text end, sqlstate, sqlerrm
                where (p_run.run_id is not null or sqlstate not in ('55P03', '40P01'))
                      and not exists (
                          select from engagement.scoring_failure f
                          where f.source = p_source and f.keys = v_busy::text[]
                                and f.source_id is not null and f.sqlstate_code = sqlstate
                                and f.resolved_at is null
                      );
                if cardinality(v_busy) = cardinality(p_ids) then
                    return array[0, 0];
                end if;
            end if;
    end;
    if v_busy <> '{}' then
        return engagement.award_batch(p_run, p_source, array(
            select i from unnest(p_ids) i except select b from unnest(v_busy) b));
    end if;
    v_left := engagement.award_batch(p_run, p_source, p_ids[: v_half]);
    v_right := engagement.award_batch(p_run, p_source, p_ids[v_half + 1 :]);
    return array[v_left[1] + v_right[1], v_left[2] + v_right[2]];
end
$$;
comment on function engagement.award_batch(engagement.recalculation_run, text,
                                           engagement.host_key[]) is
    'Internal: re-derives these activities of a source; returns awards made and voided.';
