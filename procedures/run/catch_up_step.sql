-- Internal. Does one bounded batch of catch_up, in one transaction: takes statements off the queue,
-- brings their awards up to date, then sums and ranks the customers concerned. When no statement is
-- left, it takes customers: companies, and whom a date has changed. If statements have come
-- meanwhile, the call ends after such a batch, and the next call takes them first. So people are
-- current although their companies are not: summing up a few hundred companies takes a second.
--
-- It steps aside for a run, and a run waits for its batch: both hold the same advisory lock while
-- they write. So a run applies new rules and parameters either before the batch or after it, and
-- compares afterwards what the batch has derived by the old ones. Before the first run there is
-- nothing to keep up to date: history is not scored yet.
-- Reads: recalculation_run, activity_source, award.
-- Writes: award, customer_score, category_score, score_event, pending_activity, scoring_failure;
-- recalculation_key and recalculation_customer, for what has to wait for the next run.
-- Locks: advisory (class, 6).
create or replace function engagement.catch_up_step(
    p_before timestamptz,
    out statement_count bigint,
    out customer_count bigint,
    out left_count bigint,
    out has_more boolean
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_seqscan = off
set jit = off
as $$
declare
    v_limit constant integer := 1000;
    v_run engagement.recalculation_run;
    v_is_current constant boolean := engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT';
    v_sources text[];
    v_source text;
    v_taken engagement.pending_activity[];
    v_ids engagement.host_key[] := '{}';
    v_companies engagement.host_key[];
begin
    if not pg_try_advisory_xact_lock(engagement.lock_class(), 6) then
        return;
    end if;
    select * into v_run from engagement.recalculation_run r where r.run_status = 'RUNNING';
    if found and engagement.is_run_alive(v_run)
       or not exists (select from engagement.recalculation_run r
                      where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP') then
        return;
    end if;
    v_run := null;
    v_run.started_at := clock_timestamp();

    v_sources := array(select s.source from engagement.activity_source s
                       where s.detached_at is null order by s.source);
    -- Where points go to the present employer, a change of employments may concern any company. The
    -- view no longer shows which one, so it waits for the next run.
    v_taken := engagement.take_statements(
        p_sources => case when v_is_current then v_sources else v_sources || 'employment'::text end,
        p_before => p_before, p_limit => v_limit);
    statement_count := coalesce(cardinality(v_taken), 0);
    if statement_count > 0 then
        perform engagement.doubt_headers(array(select distinct t.source from unnest(v_taken) t));
        -- Triggers that failed have left these keys.
        update engagement.scoring_failure f
        set resolved_at = v_run.started_at
        from unnest(v_taken) t
        where f.resolved_at is null and f.source_id is null and f.source = t.source
              and f.activity_column = t.activity_column and f.keys = t.keys;
        foreach v_source in array v_sources loop
            if exists (select from unnest(v_taken) t
                       where t.source in (v_source, 'employment')) then
                v_ids := v_ids || engagement.catch_up_source(v_run, v_source, v_taken, v_limit);
            end if;
        end loop;
        v_ids := array(select distinct i from unnest(v_ids) i);
        -- Companies come after everybody else, because one of them may take as long as all people.
        v_companies := array(select e.employer_id from engagement.employer_sizes(v_ids, 201) e
                             where e.award_count > 200);
        v_ids := array(select i from unnest(v_ids) i except select c from unnest(v_companies) c);
        v_companies := v_companies || array(select engagement.linked_employers(v_ids));
        if v_is_current then
            v_companies := v_companies || engagement.catch_up_employers(v_run, v_ids);
        end if;
        insert into engagement.pending_activity (source, activity_column, keys, queued_at)
        select 'customer', 'customer_id', v_companies::text[],
               (select min(t.queued_at) from unnest(v_taken) t)
        where v_companies <> '{}';
    else
        v_ids := engagement.take_due_customers(p_before => p_before, p_limit => 100);
    end if;
    customer_count := cardinality(v_ids);
    if customer_count > 0 then
        perform engagement.catch_up_totals(v_run, v_ids);
    end if;
    has_more := statement_count + customer_count > 0
                and clock_timestamp() < p_before + interval '5 seconds'
                and (statement_count > 0
                     or not exists (select from engagement.pending_activity p
                                    where p.activity_column is not null and p.source <> 'customer'
                                          and p.queued_at >= p_before));
    if not has_more then
        left_count := (select count(*) from engagement.pending_activity);
    end if;
end
$$;
comment on function engagement.catch_up_step(timestamptz) is
    'Internal: does one batch of what was queued before p_before. Returns how many queue rows it '
    'took and how many customers it summed; NULL: it stepped aside. has_more is false when nothing '
    'is left to do, when statements have come that go before companies, and five seconds after '
    'p_before; then left_count rows are still queued.';
