-- Internal. Computes the totals of some customers and writes the changed ones. A separate statement
-- locks the rows first, in key order, so the sums are newer than anything that another session has
-- written to these rows. "Now" (p_as_of NULL) is read after the lock, too. If a refresh computed a
-- row for a later instant than the start of a run for now, the run recomputes it for now rather
-- than moving it back. Sequential scans are off, because a plan may have been made when the tables
-- were empty.
-- Reads: award, score_rule, engagement_host.customer, engagement_host.employment.
-- Writes: customer_score, category_score.
-- Locks: the rows of these customers; advisory (class, 4) to create rows.
create or replace function engagement.write_totals(
    p_customer_ids engagement.host_key[],
    p_as_of timestamptz,
    p_always_stamp boolean,
    p_follow_clock boolean
)
returns bigint
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
    v_scored_ids engagement.host_key[];
    v_shown_ids engagement.host_key[];
    v_own engagement.period_total[];
    v_employees engagement.period_total[];
    v_parts engagement.category_score[];
    v_categories text[];
    v_banded engagement.category_score[];
    v_newer_ids engagement.host_key[];
    v_newer_count bigint := 0;
    v_touched_count bigint := 0;
    v_count bigint;
    v_now timestamptz;
begin
    for v_attempt in 1 .. 2 loop
        v_scored_ids := engagement.lock_scores(p_customer_ids);
        exit when cardinality(v_scored_ids) = cardinality(p_customer_ids) or v_attempt = 2;
        -- Rows that do not exist cannot be locked. Sessions that create rows take turns by this
        -- lock.
        perform pg_advisory_xact_lock(engagement.lock_class(), 4);
    end loop;

    v_now := clock_timestamp();
    if p_as_of is null then
        p_as_of := v_now;
    elsif p_follow_clock then
        select array_agg(s.customer_id) into v_newer_ids
        from engagement.customer_score s
        where s.customer_id = any (p_customer_ids)
              and s.calculated_at > p_as_of and s.calculated_at <= v_now;
        if v_newer_ids is not null then
            v_newer_count := engagement.write_totals(
                p_customer_ids => v_newer_ids, p_as_of => null, p_always_stamp => p_always_stamp,
                p_follow_clock => false);
            p_customer_ids := array(select i from unnest(p_customer_ids) i
                                    where i <> all (v_newer_ids));
        end if;
    end if;
    v_shown_ids := v_scored_ids;
    if cardinality(v_scored_ids) < cardinality(p_customer_ids) then
        begin
            select v_scored_ids || array_agg(c.customer_id::engagement.host_key)
            into v_shown_ids
            from engagement_host.customer c
            where c.customer_id = any (p_customer_ids);
        exception when syntax_error_or_access_rule_violation or data_exception then
            null;  -- the run reports it; customers without points or score wait for the next run
        end;
    end if;
    v_own := array(select t from engagement.sum_points__some(
        p_customer_ids => p_customer_ids, p_as_of => p_as_of, p_is_employees => false) t);
    v_employees := array(select t from engagement.sum_points__some(
        p_customer_ids => p_customer_ids, p_as_of => p_as_of, p_is_employees => true) t);

    v_parts := array(
        select row(m.customer_id, m.category_code, m.score, m.ytd_score, m.overview_score,
                   m.employee_score, null, null, null)::engagement.category_score
        from engagement.merged_parts(v_own, v_employees) m);
    v_categories := array(select p.category_code || ' ' || p.customer_id::text
                          from unnest(v_parts) p);
    with gone as (
        delete from engagement.category_score c
        where c.customer_id = any (p_customer_ids)
              and c.category_code || ' ' || c.customer_id::text
                  not in (select k.key from unnest(v_categories) k (key))
        returning c.*
    )
    select array_agg(row(g.customer_id, g.category_code, 0, 0, 0, 0, g.percentile, g.band_code,
                         g.announced_band)::engagement.category_score)
    into v_banded
    from gone g
    where g.announced_band is not null;
    if v_banded is not null then
        -- Who has lost all points of a category is to be told of the band.
        insert into engagement.category_score select b.* from unnest(v_banded) b;
    end if;
    insert into engagement.category_score (customer_id, category_code, score, ytd_score,
                                           overview_score, employee_score)
    select p.customer_id, p.category_code, p.score, p.ytd_score, p.overview_score,
           p.employee_score
    from unnest(v_parts) p
    on conflict (customer_id, category_code) do update
    set score = excluded.score, ytd_score = excluded.ytd_score,
        overview_score = excluded.overview_score, employee_score = excluded.employee_score
    where (category_score.score, category_score.ytd_score, category_score.overview_score,
           category_score.employee_score)
          is distinct from (excluded.score, excluded.ytd_score, excluded.overview_score,
                            excluded.employee_score);

    -- RETURNING counts the rows, because the row count of a cluster includes unchanged conflicts.
    with written as (
        insert into engagement.customer_score (
            customer_id, own_score, employee_score, score, ytd_score, overview_score,
            employee_ytd_score, employee_overview_score, previous_score, changed_at, raised_at,
            calculated_at, next_change_at
        )
        select m.customer_id, m.own_score, m.employee_score, m.score, m.ytd_score,
               m.overview_score, m.employee_ytd_score, m.employee_overview_score, null,
               case when m.score <> 0 then p_as_of end, case when m.score > 0 then p_as_of end,
               p_as_of, m.next_change_at
        from engagement.merged_totals(p_customer_ids, v_own, v_employees) m
        where m.has_points or m.customer_id in (select i.id from unnest(v_shown_ids) i (id))
        on conflict (customer_id) do update
        set own_score = excluded.own_score,
            employee_score = excluded.employee_score,
            score = excluded.score,
            ytd_score = excluded.ytd_score,
            overview_score = excluded.overview_score,
            employee_ytd_score = excluded.employee_ytd_score,
            employee_overview_score = excluded.employee_overview_score,
            previous_score = case when customer_score.score <> excluded.score
                                  then customer_score.score
                                  else customer_score.previous_score end,
            changed_at = case when customer_score.score <> excluded.score
                              then excluded.calculated_at
                              else customer_score.changed_at end,
            raised_at = case when customer_score.score < excluded.score
                             then excluded.calculated_at
                             else customer_score.raised_at end,
            calculated_at = excluded.calculated_at,
            next_change_at = excluded.next_change_at
        where customer_score.calculated_at > excluded.calculated_at
              or (customer_score.own_score, customer_score.employee_score, customer_score.score,
                  customer_score.ytd_score, customer_score.overview_score,
                  customer_score.employee_ytd_score, customer_score.employee_overview_score,
                  customer_score.next_change_at)
                 is distinct from
                 (excluded.own_score, excluded.employee_score, excluded.score, excluded.ytd_score,
                  excluded.overview_score, excluded.employee_ytd_score,
                  excluded.employee_overview_score, excluded.next_change_at)
        returning 1
    )
    select count(*) into v_count from written w;
    if p_always_stamp then
        update engagement.customer_score s
        set calculated_at = p_as_of
        where s.customer_id = any (p_customer_ids) and s.calculated_at <> p_as_of;
        get diagnostics v_touched_count = row_count;
    end if;
    return v_count + v_touched_count + v_newer_count;
end
$$;
comment on function engagement.write_totals(
    engagement.host_key[], timestamptz, boolean, boolean
) is
    'Internal: computes and writes the totals of these customers at p_as_of (NULL: now); only '
    'changed rows, with p_always_stamp also those computed for another instant; with '
    'p_follow_clock rows newer than p_as_of are computed for now. Returns the number of rows '
    'written.';
