-- API. Everything that a customer's screen shows, as one JSON object. Own points are summed from
-- the ledger at p_as_of and p_known_at. Employees' points are the stored ones, unless another
-- instant than now is asked for. The rank is the stored one. Employees' points by category are
-- summed for the instant of the employees' points.
-- Reads: award, score_rule, category, customer_score, category_score, pending_activity,
-- recalculation_source, host_customers, what sum_points__some reads.
-- Raises: EG001.
create or replace function engagement.score_card(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_bounds_of_total constant record := engagement.bounds_of_total();
    v_bounds record;
    v_customer record;
    v_stored engagement.customer_score;
    v_month_ends timestamptz[];  -- the last instants of the twelve months before that of p_as_of
    v_own numeric[];  -- at p_as_of, then at the ends of the months
    v_raise record;
    v_waiting record;
    v_employees engagement.period_total[] := '{}';  -- by category
    v_card jsonb;
begin
    perform engagement.check_customer(p_customer_id);
    perform engagement.check_instant(p_as_of);
    select c.display_name, c.customer_type into v_customer
    from engagement.host_customers(array[p_customer_id]::engagement.host_key[]) c;
    select * into v_stored from engagement.customer_score s where s.customer_id = p_customer_id;
    select * into v_bounds from engagement.period_bounds(p_as_of);
    v_month_ends := array(
        select engagement.start_of_day(
                   (date_trunc('month', p_as_of at time zone v_zone)
                    - make_interval(months => g.months))::date, v_zone)
               - interval '1 microsecond'
        from generate_series(11, 0, -1) g (months)
    );
    v_own := engagement.own_points_at(p_customer_id, p_as_of || v_month_ends, p_known_at);
    if v_customer.customer_type = 'COMPANY' or p_as_of <> now()
       or v_stored.employee_score <> 0 then
        v_employees := array(select t from engagement.sum_points__some(
            p_customer_ids => array[p_customer_id]::engagement.host_key[],
            p_as_of => case when p_as_of = now() then coalesce(v_stored.calculated_at, p_as_of)
                            else p_as_of end,
            p_is_employees => true, p_is_by_category => true) t);
    end if;
    if p_as_of <> now() then
        -- The stored points are of another instant.
        select t.employee_score, t.employee_ytd_score, t.employee_overview_score
        into v_stored.employee_score, v_stored.employee_ytd_score, v_stored.employee_overview_score
        from engagement.merged_totals(
            array[p_customer_id]::engagement.host_key[], '{}', v_employees) t;
    end if;
    select * into v_raise from engagement.recent_raise(p_customer_id, p_as_of, p_known_at);

    -- A refresh has read what the customer had bought when it began. What is queued of a company's
    -- people it has not.
    select count(*) as statement_count, min(p.queued_at) as since into v_waiting
    from engagement.pending_activity p
    where p.activity_column is not null
          and (p.queued_at > v_stored.calculated_at or v_stored.calculated_at is null
               or v_customer.customer_type = 'COMPANY');

    with own as (
        select w.rule_id, w.capped_points, w.effective_at,
               engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                       w.inactivity_steps, w.active_in, p_as_of) as points,
               w.expires_at is null or w.expires_at > p_as_of as counts
        from engagement.counted_awards(array[p_customer_id]::engagement.host_key[], p_known_at) w
        where w.effective_at <= p_as_of
    ),
    rule_total as (
        select r.category_code, r.rule_code, max(r.description) as description,
               coalesce(sum(o.points) filter (where o.counts), 0) as score,
               coalesce(sum(o.capped_points)
                            filter (where o.effective_at >= v_bounds.ytd_from), 0) as ytd_score,
               coalesce(sum(o.capped_points)
                            filter (where o.effective_at >= v_bounds.overview_from), 0)
                   as overview_score,
               count(*) filter (where o.counts) as award_count
        from own o
        inner join engagement.score_rule r on r.rule_id = o.rule_id
        group by r.category_code, r.rule_code
    )
    select jsonb_build_object(
        'customer_id', p_customer_id,
        'display_name', v_customer.display_name,
        'customer_type', v_customer.customer_type,
        'score', engagement.bounded_total(v_own[1] + coalesce(v_stored.employee_score, 0),
                                          v_bounds_of_total.floor_points,
                                          v_bounds_of_total.cap_points),
        'own_score', v_own[1],
        'employee_score', coalesce(v_stored.employee_score, 0),
        'raised_recently', v_raise.raised_recently,
        'raised_by', v_raise.raised_by,
        'raised_at', v_raise.raised_at,
        'previous_score', v_stored.previous_score,
        'changed_at', v_stored.changed_at,
        'calculated_at', v_stored.calculated_at,
        'rules_pending', exists (select from engagement.pending_activity p
                                 where p.activity_column is null)
                         or exists (select from engagement.recalculation_source)
                         or exists (select from engagement.score_rule r
                                    where r.is_applied <> r.is_active),
        'changes_waiting', v_waiting.statement_count,
        'waiting_since', v_waiting.since,
        'band_code', v_stored.band_code,
        'percentile', v_stored.percentile,
        'categories', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'category_code', c.category_code,
                'category_name', c.category_name,
                'score', coalesce(t.score, 0),
                'counted_score', engagement.counted_part(coalesce(t.score, 0), c.counts_in_total,
                                                         c.cap_points),
                'employee_score', coalesce(u.score, 0),
                'percentile', e.percentile,
                'band_code', e.band_code,
                'ytd_score', coalesce(t.ytd_score, 0),
                'overview_score', coalesce(t.overview_score, 0),
                'rules', coalesce(t.rules, '[]')
            ) order by c.sort_order, c.category_code), '[]')
            from engagement.category c
            left join (
                select r.category_code, sum(r.score) as score, sum(r.ytd_score) as ytd_score,
                       sum(r.overview_score) as overview_score,
                       jsonb_agg(jsonb_build_object(
                           'rule_code', r.rule_code,
                           'description', r.description,
                           'score', r.score,
                           'ytd_score', r.ytd_score,
                           'overview_score', r.overview_score,
                           'award_count', r.award_count
                       ) order by r.rule_code) as rules
                from rule_total r
                group by r.category_code
            ) t on t.category_code = c.category_code
            left join engagement.category_score e
                on e.customer_id = p_customer_id and e.category_code = c.category_code
            left join unnest(v_employees) u on u.category_code = c.category_code
        ),
        'trend', (
            select jsonb_agg(jsonb_build_object(
                'at', m.ends_at,
                'score', engagement.bounded_total(m.points, v_bounds_of_total.floor_points,
                                                  v_bounds_of_total.cap_points)
            ) order by m.ends_at)
            from unnest(v_month_ends, v_own[2:]) m (ends_at, points)
        )
    )
    into v_card;
    if v_customer.customer_type = 'COMPANY' then
        v_card := v_card || engagement.company_card(p_customer_id, p_as_of, v_stored);
    end if;
    return v_card;
end
$$;
comment on function engagement.score_card(engagement.host_key, timestamptz, timestamptz) is
    'The customer''s screen as JSON: score, categories with their rules (score, year to date, '
    'overview; counted_score: what of it counts in the total; award_count: awards that count), '
    'the trend of own points over twelve month-ends, how many '
    'statements of the CRM wait to be scored and since when (changes_waiting, waiting_since) and, '
    'for a company, figures on its employees. Raises EG001 for an unknown customer.';
