-- Internal. The short way for batches that only make awards, for activities that never had any: a
-- plain INSERT from the stage, at half the cost of a comparison. If a trigger has made one of these
-- awards meanwhile, the batch goes the long way.
-- Reads: the stage, award. Writes: award, scoring_failure.
create or replace function engagement.fill_batch(
    p_run engagement.recalculation_run, p_source text, p_first bigint, p_last bigint
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_ids engagement.host_key[];
    v_count bigint;
begin
    if exists (select from pg_temp.engagement_stage s
               where s.batch between p_first and p_last and s.recorded_at is not null)
    then
        return null;
    end if;
    if exists (select 1 from engagement.award w where w.voided_at is not null) then
        v_ids := array(select distinct s.source_id from pg_temp.engagement_stage s
                       where s.batch between p_first and p_last);
        if exists (select 1 from engagement.awards_of_activities(p_source, v_ids, false)) then
            return null;
        end if;
    end if;
    insert into engagement.award (
        customer_id, source_id, document_id, employer_id, effective_at, expires_at, recorded_at,
        rule_id, source, subject_id, subject_class, quantity, amount, points, reversals
    )
    select s.customer_id, s.source_id, s.document_id, s.employer_id, s.effective_at, s.expires_at,
           p_run.started_at, s.rule_id, p_source, s.subject_id, s.subject_class, s.quantity,
           s.amount, s.points, s.reversals
    from pg_temp.engagement_stage s
    where s.batch between p_first and p_last
          and (s.is_scorable or engagement.reject_activity(p_source, s.source_id::text, s.rule_id,
                                                       p_run.started_at));
    get diagnostics v_count = row_count;
    return array[v_count, 0];
exception when unique_violation then
    return null;
end
$$;
comment on function engagement.fill_batch(engagement.recalculation_run, text, bigint, bigint) is
    'Internal: inserts batches of the stage that have only new awards. Returns awards made and '
    'voided; NULL: the batches have to be compared.';
