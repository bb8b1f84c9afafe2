-- Internal. Completes the stage once it holds the differences of a source: names it, indexes it,
-- and adds the customers concerned to the work of phase TOTALS.
-- Reads: the stage. Writes: recalculation_customer, recalculation_run, scoring_failure.
create or replace function engagement.finish_stage(
    p_run engagement.recalculation_run, p_source text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('comment on table pg_temp.engagement_stage is %L',
                   engagement.stage_name(p_source));
    -- BRIN, because the rows lie in the order of their batches. Nothing has to be sorted.
    create index on pg_temp.engagement_stage using brin (batch);
    -- A failure is resolved once the run has derived its activity again; reject_activity reopens it
    -- if the activity still fails. This stands at the end, because a refresh that rejects one of
    -- these activities waits for the row of its failure.
    update engagement.scoring_failure f
    set resolved_at = p_run.started_at
    where f.source = p_source and f.source_id is not null and f.resolved_at is null;
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select s.customer_id, true from pg_temp.engagement_stage s where s.is_scorable
    union
    select s.employer_id, true from pg_temp.engagement_stage s
    where s.is_scorable and s.employer_id is not null
    on conflict (customer_id) do update set is_touched = true;
    update engagement.recalculation_run r
    set staged_batch = null,
        total_count = r.total_count + (select count(*) from pg_temp.engagement_stage)
    where r.run_id = p_run.run_id;
end
$$;
comment on function engagement.finish_stage(engagement.recalculation_run, text) is
    'Internal: names and indexes the temporary table engagement_stage of a source, and adds the '
    'customers concerned to the work of the run.';
