-- Internal. What each category, each rule and the points of a company's people tell by themselves,
-- and what they add: the area of the score, and that of the score without them, over the same
-- outcomes. Most outcomes have no points of most rules. So the outcomes with points of a part are
-- counted by both scores, and all others by what is left of everybody's counts.
-- Reads: category, score_rule.
create or replace function engagement.outcome_parts(
    p_outcomes engagement.scored_outcome[], p_points engagement.outcome_point[]
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
    v_types text[];
    v_codes text[];
    v_counts bigint[];
    v_pairs engagement.score_pair[];
begin
    with given as materialized (
        select case when u.rule_code is null then 'EMPLOYEES' else k.part_type end as part_type,
               case when u.rule_code is null then ''
                    when k.part_type = 'RULE' then u.rule_code
                    else u.category_code end as part_code,
               u.outcome_number, sum(u.points) as points
        from unnest(p_points) u
        inner join (values ('CATEGORY'), ('RULE')) k (part_type)
            on k.part_type = 'CATEGORY' or u.rule_code is not null
        group by 1, 2, 3
        having sum(u.points) <> 0
    ),
    part as materialized (
        select g.part_type, g.part_code, count(*) as outcome_count,
               row_number() over (
                   order by g.part_type, min(c.sort_order), g.part_code collate "C")::integer
                   as number
        from given g
        left join engagement.category c
            on g.part_type = 'CATEGORY' and c.category_code = g.part_code
        group by g.part_type, g.part_code
    ),
    outcome as materialized (
        select o.outcome_number, o.score, o.happened from unnest(p_outcomes) o
    ),
    counted as materialized (
        select v.number, g.points, o.score, count(*) filter (where o.happened) as happened_count,
               count(*) filter (where not o.happened) as missed_count
        from given g
        inner join part v on v.part_type = g.part_type and v.part_code = g.part_code
        inner join outcome o on o.outcome_number = g.outcome_number
        group by v.number, g.points, o.score
    ),
    everybody as (
        select o.score, count(*) filter (where o.happened) as happened_count,
               count(*) filter (where not o.happened) as missed_count
        from outcome o
        group by o.score
    ),
    split as (
        select c.number, c.points, c.score, c.happened_count, c.missed_count from counted c
        union all
        select u.number, 0, u.score, sum(u.happened_count), sum(u.missed_count)
        from (
            select v.number, e.score, e.happened_count, e.missed_count
            from part v
            cross join everybody e
            union all
            select c.number, c.score, -c.happened_count, -c.missed_count from counted c
        ) u
        group by u.number, u.score
        having sum(u.happened_count) + sum(u.missed_count) > 0
    )
    select (select array_agg(v.part_type order by v.number) from part v),
           (select array_agg(v.part_code order by v.number) from part v),
           (select array_agg(v.outcome_count order by v.number) from part v),
           array_agg(row(m.measure, m.score, m.other_score, m.happened_count, m.missed_count
                         )::engagement.score_pair)
    into v_types, v_codes, v_counts, v_pairs
    from (
        -- Odd measures: the score, and the score without the part. Even ones: the part alone.
        select 2 * s.number - 1 as measure, s.score, s.score - s.points as other_score,
               s.happened_count, s.missed_count
        from split s
        union all
        select 2 * s.number, s.points, s.points, sum(s.happened_count), sum(s.missed_count)
        from split s
        group by s.number, s.points
    ) m;

    return (
        with area as materialized (
            select a.* from engagement.told_areas(v_pairs) a
        )
        select coalesce(jsonb_agg(jsonb_build_object(
            'part_type', p.part_type,
            'part_code', nullif(p.part_code, ''),
            'label', case p.part_type
                when 'CATEGORY' then (select c.category_name from engagement.category c
                                      where c.category_code = p.part_code)
                when 'RULE' then (select r.description from engagement.score_rule r
                                  where r.rule_code = p.part_code order by r.version desc limit 1)
                else 'Points of a company''s people' end,
            'outcome_count', p.outcome_count,
            'auc', alone.auc,
            'auc_low', alone.auc_low,
            'auc_high', alone.auc_high,
            'without_auc', a.other_auc,
            'without_auc_low', a.other_auc_low,
            'without_auc_high', a.other_auc_high,
            'adds', a.difference,
            'adds_low', a.difference_low,
            'adds_high', a.difference_high
        ) order by p.number), '[]')
        from unnest(v_types, v_codes, v_counts) with ordinality
            p (part_type, part_code, outcome_count, number)
        inner join area a on a.measure = 2 * p.number - 1
        inner join area alone on alone.measure = 2 * p.number
    );
end
$$;
comment on function engagement.outcome_parts(
    engagement.scored_outcome[], engagement.outcome_point[]
) is
    'Internal: the parts of engagement.backtest: categories, rules and the points of a company''s '
    'people.';
