-- What the scores 90 days before an outcome tell of it, rounded for people. A part is said to tell
-- something only if its whole interval lies on one side of 0.
select row_to_json(t)::text
from (
    select
        b.told ->> 'outcome' as outcome,
        b.told ->> 'description' as description,
        b.told ->> 'lead' as lead,
        (b.told ->> 'outcome_count')::bigint as outcome_count,
        (b.told ->> 'happened_count')::bigint as happened_count,
        (b.told ->> 'missed_count')::bigint as missed_count,
        (b.told ->> 'least_count')::bigint as least_count,
        b.told ->> 'verdict' as verdict,
        (b.told -> 'is_pending')::boolean as is_pending,
        round((b.told ->> 'rate')::numeric, 3) as rate,
        round((b.told ->> 'auc')::numeric, 2) as auc,
        round((b.told ->> 'auc_low')::numeric, 2) as auc_low,
        round((b.told ->> 'auc_high')::numeric, 2) as auc_high,
        (
            select coalesce(sum((l.finding ->> 'row_count')::bigint), 0)
            from jsonb_array_elements(b.told -> 'left_out') as l (finding)
            where l.finding ->> 'severity' = 'problem'
        ) as left_out_count,
        (
            select coalesce(json_agg(json_build_object(
                'fifth', g.told ->> 'group',
                'score_from', g.told -> 'score_from',
                'score_to', g.told -> 'score_to',
                'outcome_count', g.told -> 'outcome_count',
                'happened_count', g.told -> 'happened_count',
                'rate', round((g.told ->> 'rate')::numeric, 3),
                'rate_low', round((g.told ->> 'rate_low')::numeric, 3),
                'rate_high', round((g.told ->> 'rate_high')::numeric, 3),
                'lift', round((g.told ->> 'lift')::numeric, 2)
            ) order by g.place), '[]')
            from jsonb_array_elements(b.told -> 'groups') with ordinality as g (told, place)
        ) as groups,
        (
            select coalesce(json_agg(json_build_object(
                'kind', case p.told ->> 'part_type'
                    when 'CATEGORY' then 'a category' when 'RULE' then 'a rule' else 'others'
                end,
                'label', coalesce(nullif(p.told ->> 'label', ''), p.told ->> 'part_code'),
                'outcome_count', p.told -> 'outcome_count',
                'auc', round((p.told ->> 'auc')::numeric, 3),
                'auc_low', round((p.told ->> 'auc_low')::numeric, 3),
                'auc_high', round((p.told ->> 'auc_high')::numeric, 3),
                'adds', round((p.told ->> 'adds')::numeric, 3),
                'adds_low', round((p.told ->> 'adds_low')::numeric, 3),
                'adds_high', round((p.told ->> 'adds_high')::numeric, 3),
                'says', case
                    when (p.told -> 'is_thin')::boolean then 'too few'
                    when (p.told ->> 'adds_low')::numeric > 0 then 'carries it'
                    when (p.told ->> 'adds_high')::numeric < 0 then 'in the way'
                    else 'not shown'
                end
            ) order by p.place), '[]')
            from jsonb_array_elements(b.told -> 'parts') with ordinality as p (told, place)
        ) as parts
    from (select engagement.backtest(p_outcome => %(outcome)s) as told) as b
) as t
