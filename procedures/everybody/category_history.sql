-- API. How engagement has moved: everybody's own points by category at the end of each of the
-- months before the last run, and at the last run, from the ledger as known now.
-- Reads: live_awards, score_rule, category, recalculation_run. Raises: EG004.
create or replace function engagement.category_history(p_months integer default 12)
returns table (at timestamptz, category_code text, category_name text, points numeric)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_now timestamptz := engagement.scored_at();
    v_at timestamptz[];
begin
    if p_months is null or p_months not between 1 and 1200 then
        raise exception 'number of months is out of range'
            using errcode = 'EG004', detail = format('months %L', p_months),
                  hint = 'Use 1 to 1200.';
    end if;
    v_at := array(
        select engagement.start_of_day(
                   (date_trunc('month', v_now at time zone v_zone)
                    - make_interval(months => g.months))::date, v_zone)
               - interval '1 microsecond'
        from generate_series(p_months - 1, 0, -1) g (months)
    ) || v_now;
    -- Each award is placed once: it counts at the instants numbered first_count + 1 to last_count.
    -- An award that fades counts for different points at each of them.
    return query
    with placed as materialized (
        select r.category_code, w.capped_points as points, w.effective_at, w.half_life_weeks,
               w.inactivity_steps, w.active_in,
               width_bucket(w.effective_at - interval '1 microsecond', v_at) as first_count,
               coalesce(width_bucket(w.expires_at - interval '1 microsecond', v_at),
                        cardinality(v_at)) as last_count
        from engagement.live_awards() w
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where w.effective_at <= v_now
    ),
    block as (
        select p.category_code, sum(p.points) as points, null::timestamptz as effective_at,
               null::integer as half_life_weeks, null::integer[] as inactivity_steps,
               null::tstzmultirange as active_in, p.first_count, p.last_count
        from placed p
        where p.half_life_weeks is null and p.inactivity_steps is null
        group by p.category_code, p.first_count, p.last_count
        union all
        select p.category_code, p.points, p.effective_at, p.half_life_weeks, p.inactivity_steps,
               p.active_in, p.first_count, p.last_count
        from placed p
        where p.half_life_weeks is not null or p.inactivity_steps is not null
    ),
    counted as (
        select i.number, b.category_code,
               sum(engagement.faded_points(b.points, b.effective_at, b.half_life_weeks,
                                           b.inactivity_steps, b.active_in, i.at))
                   as points
        from block b
        cross join unnest(v_at) with ordinality i (at, number)
        where i.number > b.first_count and i.number <= b.last_count
        group by i.number, b.category_code
    )
    select i.at, c.category_code, c.category_name, coalesce(n.points, 0)
    from unnest(v_at) with ordinality i (at, number)
    cross join engagement.category c
    left join counted n on n.number = i.number and n.category_code = c.category_code
    order by i.number, c.sort_order, c.category_code;
end
$$;
comment on function engagement.category_history(integer) is
    'Everybody''s own points by category at the end of each of the p_months months before the last '
    'run (in TIME_ZONE) and at the last run, as known now; 0 for a category without points. Raises '
    'EG004 for months outside 1 to 1200.';
