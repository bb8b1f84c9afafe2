-- What a person asks first of a score: by how much it has changed in RAISED_RECENTLY_DAYS, by what is
-- known now, the three rules that have moved it most, and which points will end next. The points of a
-- company's people are one reason, and so is what limits let through.
with span as (
    select
        c.customer_id,
        c.till,
        engagement.recent_from(c.till) as since
    from (
        select
            engagement.customer_key(%(customer)s::text) as customer_id,
            coalesce(%(as_of)s::timestamptz, now()) as till
    ) as c
),

moment as materialized (
    select
        t.at,
        t.employee_score,
        t.score
    from span as s
    cross join lateral engagement.trend(s.customer_id, s.since, s.till, s.till - s.since) as t
),

award as materialized (
    select
        r.rule_code,
        r.description,
        w.expires_at,
        case when engagement.counts_at(w.effective_at, w.expires_at, s.till) then
            engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                    w.inactivity_steps, w.active_in, s.till)
        else 0 end as points,
        case when engagement.counts_at(w.effective_at, w.expires_at, s.since) then
            engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                    w.inactivity_steps, w.active_in, s.since)
        else 0 end as earlier_points
    from span as s
    cross join lateral engagement.counted_awards(array[s.customer_id]::engagement.host_key []) as w
    inner join engagement.score_rule as r on r.rule_id = w.rule_id
    left join engagement.category as c on c.category_code = r.category_code
    where w.effective_at <= s.till and c.counts_in_total is not false
),

reason as (
    select
        a.rule_code,
        coalesce(nullif(max(a.description), ''), a.rule_code) as description,
        sum(a.points - a.earlier_points) as points
    from award as a
    group by a.rule_code
    union all
    select
        null,
        'Its people',
        (array_agg(m.employee_score order by m.at desc))[1]
        - (array_agg(m.employee_score order by m.at))[1]
    from moment as m
),

-- What limits let through more or less than then.
limited as (
    select
        (array_agg(m.score order by m.at desc))[1] - (array_agg(m.score order by m.at))[1]
        - coalesce((select sum(r.points) from reason as r), 0) as points
    from moment as m
)

select row_to_json(l)::text
from (
    select
        s.since,
        (
            select (array_agg(m.score order by m.at desc))[1] - (array_agg(m.score order by m.at))[1]
            from moment as m
        ) as points,
        (
            select coalesce(json_agg(t), '[]')
            from (
                select r.rule_code, r.description, r.points
                from (
                    select x.* from reason as x
                    union all
                    select null, 'Limits of the score', d.points from limited as d
                ) as r
                where r.points <> 0
                order by abs(r.points) desc, r.rule_code
                limit 3
            ) as t
        ) as reasons,
        (
            select row_to_json(e)
            from (
                select
                    a.expires_at,
                    sum(a.points) as points,
                    (array_agg(a.rule_code order by a.points desc, a.rule_code))[1] as rule_code,
                    coalesce(
                        nullif((array_agg(a.description order by a.points desc, a.rule_code))[1], ''),
                        (array_agg(a.rule_code order by a.points desc, a.rule_code))[1]
                    ) as description,
                    count(*) as award_count
                from award as a
                where a.expires_at > s.till and a.points <> 0
                group by a.expires_at
                order by a.expires_at
                limit 1
            ) as e
        ) as next_end
    from span as s
) as l
