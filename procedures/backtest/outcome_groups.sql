-- Internal. What happened in each group of outcomes with similar scores. Equal scores are never
-- parted, so fifths and tenths go by the place of a score as percentiles do, and may differ in
-- size. A band by score takes the score of then. A band by percentile takes the percentile among
-- the customers of the same type in these outcomes, because nobody has ranked everybody at each
-- instant.
-- Reads: score_band, host_customers.
create or replace function engagement.outcome_groups(
    p_outcomes engagement.scored_outcome[], p_by text
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set jit = off
as $$
declare
    v_scale engagement.band_scale := engagement.band_scale();
    v_parts integer := case p_by when 'FIFTH' then 5 when 'TENTH' then 10 end;
begin
    return (
        with ranked as (
            select o.happened, o.value, o.score,
                   rank() over everybody - 1 as below_count,
                   count(*) over equal as equal_count,
                   count(*) over kind as all_count
            from unnest(p_outcomes) o
            left join (
                select h.customer_id, min(h.customer_type) as customer_type
                from engagement.host_customers() h
                group by h.customer_id
            ) c on p_by = 'BAND' and c.customer_id = o.customer_id
            window kind as (partition by c.customer_type),
                   everybody as (partition by c.customer_type order by o.score),
                   equal as (partition by c.customer_type, o.score)
        ),
        placed as (
            select r.happened, r.value, r.score,
                   case when p_by = 'BAND' then engagement.band_of(
                            v_scale, r.score,
                            engagement.percentile_of(r.below_count, r.equal_count, r.all_count))
                        else (v_parts * (2 * r.below_count + r.equal_count)
                              / (2 * r.all_count) + 1)::text
                   end as group_code
            from ranked r
        ),
        counted as (
            select p.group_code, count(*) as outcome_count,
                   count(*) filter (where p.happened) as happened_count,
                   min(p.score) as score_from, max(p.score) as score_to,
                   avg(p.score) as average_score,
                   count(p.value) as value_count, sum(p.value) as value_total,
                   avg(p.value) as value_average
            from placed p
            group by p.group_code
        ),
        told as (
            select c.*, i.*,
                   i.rate / nullif(sum(c.happened_count) over () / sum(c.outcome_count) over (), 0)
                       as lift
            from counted c
            cross join lateral engagement.rate_interval(c.happened_count, c.outcome_count) i
        )
        select coalesce(jsonb_agg(jsonb_build_object(
            'group', t.group_code,
            'outcome_count', t.outcome_count,
            'happened_count', t.happened_count,
            'rate', engagement.shown(t.rate),
            'rate_low', engagement.shown(t.rate_low),
            'rate_high', engagement.shown(t.rate_high),
            'lift', engagement.shown(t.lift),
            'score_from', t.score_from,
            'score_to', t.score_to,
            'value_count', t.value_count,
            'value_total', t.value_total,
            'value_average', round(t.value_average, 2)
        ) order by t.average_score desc, t.group_code), '[]')
        from told t
    );
end
$$;
comment on function engagement.outcome_groups(engagement.scored_outcome[], text) is
    'Internal: the groups of engagement.backtest, highest scores first. p_by: FIFTH, TENTH or '
    'BAND.';
