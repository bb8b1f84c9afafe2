-- Internal. What each category, each rule and the points of a company's people tell by themselves,
-- and what they add: the area of the score, and that of the score without them, over the same
-- outcomes. Most outcomes have no points of most rules. So those with points of a part are looked
-- at one by one, and all others are counted by score: what is left of everybody's counts.
-- A part that few have, or that nearly all have alike, gets no intervals, see is_thin.
-- Reads: category.
create or replace function engagement.outcome_parts(
    p_outcomes engagement.scored_outcome[],
    p_points engagement.outcome_point[],
    p_tried jsonb default null
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
    v_has_limits constant boolean := engagement.has_limits();
    v_types text[];
    v_codes text[];
    v_counts bigint[];
    v_telling_counts bigint[];
    v_rate constant numeric := (select avg(o.happened::integer) from unnest(p_outcomes) o);
    v_without engagement.score_pair[];
    v_alone engagement.score_pair[];
begin
    with named as materialized (
        -- '' stands for the points of a company's people, which have no rule.
        select distinct coalesce(u.category_code, '') as category_code,
               coalesce(u.rule_code, '') as rule_code
        from unnest(p_points) u
    ),
    part as materialized (
        select k.part_type, k.part_code, n.category_code, n.rule_code,
               dense_rank() over (
                   order by k.part_type, c.sort_order, k.part_code collate "C")::integer as number
        from named n
        cross join lateral (
            select 'CATEGORY' as part_type, n.category_code as part_code where n.rule_code <> ''
            union all
            select 'RULE', n.rule_code where n.rule_code <> ''
            union all
            select 'EMPLOYEES', '' where n.rule_code = ''
        ) k
        left join engagement.category c
            on k.part_type = 'CATEGORY' and c.category_code = k.part_code
    ),
    -- What a category counts in the total. Nobody asks where that is all of it.
    category as materialized (
        select u.outcome_number, u.category_code, sum(u.points) as points,
               bool_and(c.counts_in_total) as counts_in_total, max(c.cap_points) as cap_points
        from unnest(p_points) u
        left join engagement.category c on c.category_code = u.category_code
        where v_has_limits
        group by u.outcome_number, u.category_code
    ),
    total as materialized (
        select c.outcome_number, sum(engagement.counted_part(
                   c.points, c.counts_in_total, c.cap_points)) as points
        from category c group by c.outcome_number
    ),
    given as materialized (
        select g.number, g.outcome_number, sum(g.points) as points,
               sum(case when v_has_limits
                        then engagement.counted_part(c.points, c.counts_in_total, c.cap_points)
                             - engagement.counted_part(c.points - g.points, c.counts_in_total,
                                                       c.cap_points)
                        else g.points end) as counted_points
        from (
            select v.number, u.outcome_number, v.category_code, sum(u.points) as points
            from unnest(p_points) u
            inner join part v on v.category_code = coalesce(u.category_code, '')
                                 and v.rule_code = coalesce(u.rule_code, '')
            group by v.number, u.outcome_number, v.category_code
        ) g
        left join category c
            on v_has_limits and c.outcome_number = g.outcome_number
               and coalesce(c.category_code, '') = g.category_code
        group by g.number, g.outcome_number
        having sum(g.points) <> 0
    ),
    outcome as materialized (select o.* from unnest(p_outcomes) o),
    with_points as materialized (
        select g.number, g.points, o.score,
               case when v_has_limits
                    then engagement.bounded_total(t.points - g.counted_points,
                                                  v_bounds.floor_points, v_bounds.cap_points)
                    else o.score - g.points end as other_score,
               o.happened::integer as happened_count, 1 - o.happened::integer as missed_count
        from given g
        inner join outcome o on o.outcome_number = g.outcome_number
        left join total t on v_has_limits and t.outcome_number = g.outcome_number
    ),
    everybody as (
        select o.score, count(*) filter (where o.happened) as happened_count,
               count(*) filter (where not o.happened) as missed_count
        from outcome o
        group by o.score
    ),
    split as (
        select w.number, w.points, w.score, w.other_score, w.happened_count, w.missed_count
        from with_points w
        union all
        select u.number, 0, u.score, u.score, sum(u.happened_count), sum(u.missed_count)
        from (
            select v.number, e.score, e.happened_count, e.missed_count
            from (select distinct p.number from part p) v
            cross join everybody e
            union all
            select w.number, w.score, -w.happened_count, -w.missed_count from with_points w
        ) u
        group by u.number, u.score
        having sum(u.happened_count) + sum(u.missed_count) > 0
    )
    select array_agg(v.part_type order by v.number), array_agg(v.part_code order by v.number),
           array_agg(coalesce(g.outcome_count, 0) order by v.number),
           array_agg(cardinality(p_outcomes) - coalesce(g.equal_count, cardinality(p_outcomes))
                     order by v.number),
           (select array_agg(row(s.number, s.score, s.other_score, s.happened_count,
                                 s.missed_count)::engagement.score_pair)
            from split s),
           (select array_agg(row(m.number, m.points, m.points, m.happened_count,
                                 m.missed_count)::engagement.score_pair)
            from (select s.number, s.points, sum(s.happened_count) as happened_count,
                         sum(s.missed_count) as missed_count
                  from split s
                  group by s.number, s.points) m)
    into v_types, v_codes, v_counts, v_telling_counts, v_without, v_alone
    from (select distinct p.number, p.part_type, p.part_code from part p) v
    left join (
        -- How many have points, and how many have the same ones, none or the commonest.
        select e.number, sum(e.equal_count)::bigint as outcome_count,
               greatest(max(e.equal_count), cardinality(p_outcomes) - sum(e.equal_count))::bigint
                   as equal_count
        from (
            select w.number, w.points, count(*) as equal_count
            from given w
            group by w.number, w.points
        ) e
        group by e.number
    ) g on g.number = v.number;

    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'part_type', p.part_type,
            'part_code', nullif(p.part_code, ''),
            'label', engagement.part_label(p.part_type, p.part_code, p_tried),
            'outcome_count', p.outcome_count,
            'is_thin', t.is_thin,
            'auc', alone.auc,
            'auc_low', case when not t.is_thin then alone.auc_low end,
            'auc_high', case when not t.is_thin then alone.auc_high end,
            'without_auc', a.other_auc,
            'without_auc_low', case when not t.is_thin then a.other_auc_low end,
            'without_auc_high', case when not t.is_thin then a.other_auc_high end,
            'adds', a.difference,
            'adds_low', case when not t.is_thin then a.difference_low end,
            'adds_high', case when not t.is_thin then a.difference_high end
        ) order by p.number), '[]')
        from unnest(v_types, v_codes, v_counts, v_telling_counts) with ordinality
            p (part_type, part_code, outcome_count, telling_count, number)
        cross join lateral (
            select engagement.is_thin(p.telling_count, v_rate) as is_thin
        ) t
        inner join engagement.told_areas(p_pairs => v_without, p_is_shared => true) a
            on a.measure = p.number
        inner join engagement.told_areas(v_alone) alone on alone.measure = p.number
    );
end
$$;
comment on function engagement.outcome_parts(
    engagement.scored_outcome[], engagement.outcome_point[], jsonb
) is
    'Internal: the parts of engagement.backtest: categories, rules and the points of a company''s '
    'people. p_tried: the rules of the points, as for changed_rules; NULL: those on record.';
