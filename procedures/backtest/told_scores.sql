-- Internal. What the score tells as a whole, which parts of it do, and whether it tells more than
-- the scores by other rules. A verdict is given only if the whole interval lies on one side.
create or replace function engagement.told_scores(
    p_outcomes engagement.scored_outcome[],
    p_against engagement.scored_outcome[],
    p_points engagement.outcome_point[],
    p_is_conclusive boolean,
    p_tried jsonb default null
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
    v_pairs engagement.score_pair[];
    v_rate numeric;
    v_changed_count bigint;
begin
    if not p_is_conclusive then
        return '{"verdict": "TOO_FEW", "auc": null, "auc_low": null, "auc_high": null, '
               '"parts": [], "comparison": null}';
    end if;
    v_pairs := array(
        select row(1, o.score, coalesce(r.score, o.score), count(*) filter (where o.happened),
                   count(*) filter (where not o.happened))::engagement.score_pair
        from unnest(p_outcomes) o
        left join unnest(p_against) r on r.outcome_number = o.outcome_number
        group by o.score, coalesce(r.score, o.score));
    if (select min(p.score) = max(p.score) and min(p.other_score) = max(p.other_score)
        from unnest(v_pairs) p) then
        return '{"verdict": "ALL_EQUAL", "auc": null, "auc_low": null, "auc_high": null, '
               '"parts": [], "comparison": null}';
    end if;
    select sum(p.happened_count)::numeric / sum(p.happened_count + p.missed_count),
           coalesce(sum(p.happened_count + p.missed_count) filter (
               where p.score <> p.other_score), 0)
    into v_rate, v_changed_count
    from unnest(v_pairs) p;
    return (
        select jsonb_build_object(
            'verdict', case when a.auc_low > 0.5 then 'HIGHER'
                            when a.auc_high < 0.5 then 'LOWER'
                            else 'NOT_SHOWN' end,
            'auc', a.auc, 'auc_low', a.auc_low, 'auc_high', a.auc_high,
            'parts', engagement.outcome_parts(
                p_outcomes => p_outcomes, p_points => p_points, p_tried => p_tried),
            'comparison', case when p_against is not null then jsonb_build_object(
                'changed_count', v_changed_count,
                'verdict', case when v_changed_count > 0
                                     and engagement.is_thin(v_changed_count, v_rate) then 'TOO_FEW'
                                when a.difference_low > 0 then 'BETTER'
                                when a.difference_high < 0 then 'WORSE'
                                else 'NOT_SHOWN' end,
                'against_auc', a.other_auc, 'against_auc_low', a.other_auc_low,
                'against_auc_high', a.other_auc_high,
                'difference', a.difference, 'difference_low', a.difference_low,
                'difference_high', a.difference_high) end)
        from engagement.told_areas(v_pairs) a
    );
end
$$;
comment on function engagement.told_scores(
    engagement.scored_outcome[], engagement.scored_outcome[], engagement.outcome_point[], boolean,
    jsonb
) is
    'Internal: verdict, auc, parts and comparison of engagement.backtest; p_against: the scores '
    'to compare with, or NULL; p_tried: the rules of the points, as for changed_rules, or NULL.';
