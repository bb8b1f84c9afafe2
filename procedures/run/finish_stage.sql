-- Internal. What follows when the differences of a source are in the temporary table: they get a
-- name and an index, and whom they concern becomes work for the totals.
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
    -- By block range: the rows lie in the order of their batches, and nothing has to be sorted.
    create index on pg_temp.engagement_stage using brin (batch);
    -- What a run derives anew is no longer open; reject_activity opens what still fails. At the
    -- end, because a refresh that rejects one of these waits for its row.
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
    'Internal: names and indexes the temporary table engagement_stage of a source, and makes work '
    'of whom it concerns.';
