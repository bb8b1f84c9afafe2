-- Internal. Template: compares the whole source with its part of the ledger and leaves the
-- differences in a temporary table. Batches go by activity, in the order in which the host's rows
-- came, so that the ledger's largest indexes grow at their end. The customers concerned become work
-- for phase TOTALS at once. If the source has no awards yet, there is nothing to compare. Otherwise
-- a fingerprint for each customer (number and sum of row hashes) finds the customers that differ,
-- and only their rows are compared one by one. The planner can run these two passes in parallel; it
-- would have to sort two ledgers otherwise.
-- Definer: the host's views run as the package's owner.
-- Reads: the view, employment, award, score_rule.
-- Writes: temporary table engagement_stage, reversal, reversed_activity, recalculation_customer,
-- scoring_failure.
create or replace function engagement.stage_source__template(p_run engagement.recalculation_run)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set enable_mergejoin = off
set parallel_tuple_cost = 0
set parallel_setup_cost = 0
as $$
declare
    v_rules engagement.matched_rule[] := engagement.matched_rules__template();
begin
    if to_regclass('pg_temp.engagement_stage') is not null then
        drop table pg_temp.engagement_stage;
    end if;
    if 'TEMPLATE_REVERSES' <> 'N' then
        perform engagement.mend_reversals__template();
    end if;
    if not exists (select 1 from engagement.award w
                   where w.source = 'template' and w.voided_at is null) then
        create temporary table engagement_stage on commit preserve rows as
        with rule_in_hand as (
            select r.* from unnest(v_rules) r
        ),
        activity_in_hand as (
            select v.* from engagement.net_activity__template() v
            offset bigint '0'
        )
        select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
               d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount,
               d.points, d.reversals, null::timestamptz as recorded_at, d.is_scorable,
               rank() over (order by d.source_id) / 2000 as batch
        from engagement.derived_in_bulk__template() d;
    else
        create temporary table engagement_stage_customer on commit drop as
        with rule_in_hand as (
            select r.* from unnest(v_rules) r
        ),
        activity_in_hand as (
            select v.* from engagement.net_activity__template() v
            offset bigint '0'
        )
        select coalesce(v.customer_id, l.customer_id) as customer_id
        from (
            select d.customer_id, count(*) as row_count, bool_and(d.is_scorable) as is_scorable,
                   sum(hash_record_extended(row(
                       d.source_id, d.document_id, d.employer_id, d.effective_at, d.expires_at,
                       d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount, d.points,
                       d.reversals
                   ), 0)) as fingerprint
            from engagement.derived_in_bulk__template() d
            group by d.customer_id
        ) v
        full join (
            select w.customer_id, count(*) as row_count,
                   sum(hash_record_extended(row(
                       w.source_id, w.document_id, w.employer_id, w.effective_at, w.expires_at,
                       w.rule_id, w.subject_id, w.subject_class, w.quantity, w.amount, w.points,
                       w.reversals
                   ), 0)) as fingerprint
            from engagement.award w
            where w.source = 'template' and w.voided_at is null
            group by w.customer_id
        ) l on l.customer_id = v.customer_id
        where not v.is_scorable
              or (v.row_count, v.fingerprint) is distinct from (l.row_count, l.fingerprint);
        analyze pg_temp.engagement_stage_customer;

        create temporary table engagement_stage on commit preserve rows as
        with rule_in_hand as (
            select r.* from unnest(v_rules) r
        ),
        activity_in_hand as (
            select v.*
            from engagement.net_activity__template() v
            where v.customer_id in (select c.customer_id from pg_temp.engagement_stage_customer c)
            offset bigint '0'
        )
        select u.*, rank() over (order by u.source_id) / 2000 as batch
        from (
            select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
                   d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount,
                   d.points, d.reversals, max(d.recorded_at) as recorded_at, d.is_scorable
            from (
                select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
                       d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity,
                       d.amount, d.points, d.reversals, null::timestamptz as recorded_at,
                       d.is_scorable
                from engagement.derived_in_bulk__template() d
                union all
                select w.customer_id, w.source_id, w.document_id, w.employer_id, w.effective_at,
                       w.expires_at, w.rule_id, w.subject_id, w.subject_class, w.quantity,
                       w.amount, w.points, w.reversals, w.recorded_at, true
                from engagement.award w
                where w.source = 'template' and w.voided_at is null
                      and w.customer_id in (
                          select c.customer_id from pg_temp.engagement_stage_customer c)
            ) d
            group by d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
                     d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount,
                     d.points, d.reversals, d.is_scorable
            having count(*) = 1
        ) u;
        drop table pg_temp.engagement_stage_customer;
    end if;
    perform engagement.finish_stage(p_run, 'template');
end
$$;
comment on function engagement.stage_source__template(engagement.recalculation_run) is
    'Internal: template: fills the temporary table engagement_stage with the differences between '
    'the source and its awards.';
