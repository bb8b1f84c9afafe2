-- Internal. Compares a whole source with its part of the ledger and leaves what differs in a
-- temporary table, in batches by activity, as the host's rows came: the ledger's largest indexes
-- then grow at their end. Whom it concerns is work for the totals from here on. An empty ledger has
-- nothing to compare. Otherwise a fingerprint per customer (number and sum of row hashes) finds the
-- customers that differ, and only their rows are compared one by one: two passes that the planner
-- can run in parallel, instead of sorting two ledgers. Definer: the host's views run as the
-- package's owner.
-- Reads: the view, award.
-- Writes: temporary table engagement_stage, recalculation_customer, scoring_failure.
create or replace function engagement.stage_source(p_run engagement.recalculation_run,
                                                   p_source text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_nestloop = off
set enable_mergejoin = off
set parallel_tuple_cost = 0
set parallel_setup_cost = 0
as $$
declare
    v_name text := engagement.stage_name(p_source);
    v_view text := (select s.view_name from engagement.activity_source s where s.source = p_source);
    v_is_distributed boolean := engagement.is_distributed();
    v_sums text;
    v_rows text;
    v_derivation text := engagement.derivation_sql(p_source, v_view || ' v', true);
    v_differing constant text := '(select v.* from %s v '
        'where v.customer_id in (select c.customer_id from pg_temp.engagement_stage_customer c)) v';
    v_columns constant text := 'd.customer_id, d.source_id, d.document_id, d.employer_id, '
        'd.effective_at, d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, '
        'd.amount, d.points';
    v_fingerprint constant text := 'sum(hash_record_extended(row(d.source_id, d.document_id, '
        'd.employer_id, d.effective_at, d.expires_at, d.rule_id, d.subject_id, d.subject_class, '
        'd.quantity, d.amount, d.points), 0))';
begin
    if to_regclass('pg_temp.engagement_stage') is not null then
        drop table pg_temp.engagement_stage;
    end if;
    if not exists (select 1 from engagement.award w where w.source = p_source and w.voided_at is null)
    then
        execute format($sql$
            create temporary table engagement_stage on commit preserve rows as
            select %1$s, null::timestamptz as recorded_at, d.is_sane,
                   rank() over (order by d.source_id) / 2000 as batch
            from (%2$s) d$sql$, v_columns, v_derivation);
    else
        v_sums := format('(select d.customer_id, count(*) as row_count, %s as fingerprint '
                         'from engagement.award d where d.source = %L and d.voided_at is null '
                         'group by d.customer_id)', v_fingerprint, p_source);
        v_rows := format('(select d.* from engagement.award d '
                         'where d.source = %L and d.voided_at is null and d.customer_id in '
                         '(select c.customer_id from pg_temp.engagement_stage_customer c))',
                         p_source);
        -- In a cluster the shards compute these, and the coordinator compares.
        if v_is_distributed then
            execute format('create temporary table engagement_stage_sum on commit drop as '
                           'select s.* from %s s', v_sums);
            v_sums := 'pg_temp.engagement_stage_sum';
        end if;
        execute format($sql$
            create temporary table engagement_stage_customer on commit drop as
            select coalesce(v.customer_id, l.customer_id) as customer_id
            from (
                select d.customer_id, count(*) as row_count, %1$s as fingerprint,
                       bool_and(d.is_sane) as is_sane
                from (%2$s) d
                group by d.customer_id
            ) v
            full join %3$s l on l.customer_id = v.customer_id
            where not v.is_sane
                  or (v.row_count, v.fingerprint)
                     is distinct from (l.row_count, l.fingerprint)$sql$,
            v_fingerprint, v_derivation, v_sums);
        analyze pg_temp.engagement_stage_customer;
        if v_is_distributed then
            execute format('create temporary table engagement_stage_row on commit drop as '
                           'select r.* from %s r', v_rows);
            v_rows := 'pg_temp.engagement_stage_row';
        end if;
        execute format($sql$
            create temporary table engagement_stage on commit preserve rows as
            select u.*, rank() over (order by u.source_id) / 2000 as batch
            from (
                select %1$s, max(d.recorded_at) as recorded_at, d.is_sane
                from (
                    select %1$s, null::timestamptz as recorded_at, d.is_sane
                    from (%2$s) d
                    union all
                    select %1$s, d.recorded_at, true
                    from %3$s d
                ) d
                group by %1$s, d.is_sane
                having count(*) = 1
            ) u$sql$, v_columns,
            engagement.derivation_sql(p_source, format(v_differing, v_view), true), v_rows);
        drop table pg_temp.engagement_stage_customer;
        if v_is_distributed then
            drop table pg_temp.engagement_stage_sum, pg_temp.engagement_stage_row;
        end if;
    end if;
    execute format('comment on table pg_temp.engagement_stage is %L', v_name);
    -- By block range: the rows lie in the order of their batches, and nothing has to be sorted.
    create index on pg_temp.engagement_stage using brin (batch);
    -- What a run derives anew is no longer open; reject_activity opens what still fails. At the
    -- end, because a refresh that rejects one of these waits for its row.
    update engagement.scoring_failure f
    set resolved_at = p_run.started_at
    where f.source = p_source and f.source_id is not null and f.resolved_at is null;
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select s.customer_id, true from pg_temp.engagement_stage s where s.is_sane
    union
    select s.employer_id, true from pg_temp.engagement_stage s
    where s.is_sane and s.employer_id is not null
    on conflict (customer_id) do update set is_touched = true;
    update engagement.recalculation_run r
    set staged_batch = null,
        total_count = r.total_count + (select count(*) from pg_temp.engagement_stage)
    where r.run_id = p_run.run_id;
end
$$;
comment on function engagement.stage_source(engagement.recalculation_run, text) is
    'Internal: fills the temporary table engagement_stage with the differences between a source '
    'and its awards.';
