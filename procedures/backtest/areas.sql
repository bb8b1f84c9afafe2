-- Internal. How well scores tell what happened from what did not: the area under the ROC curve. It
-- is the chance that an outcome that happened has a higher score than one that did not, ties
-- counting half. Each measure compares two ways of scoring the same outcomes. The error and the
-- covariance are DeLong's: the area is the mean of the place of each outcome among those of the
-- other kind, and the variance of these places says how sure it is. A place is a share of those
-- below, plus half of those equal, so no pair of outcomes is formed. Equal scores have one place,
-- so places are found for each score, and only the error of a difference looks at all outcomes.
create or replace function engagement.areas(p_pairs engagement.score_pair[])
returns table (
    measure integer,
    happened_count bigint,
    missed_count bigint,
    auc double precision,
    auc_error double precision,
    other_auc double precision,
    other_auc_error double precision,
    difference_error double precision
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with pair as materialized (
        select p.measure, p.score, p.other_score, p.happened_count as h, p.missed_count as m
        from unnest(p_pairs) p
    ),
    level as (
        select u.measure, u.is_other, u.score, sum(u.h)::float8 as h, sum(u.m)::float8 as m
        from (
            select p.measure, false as is_other, p.score, p.h, p.m from pair p
            union all
            select p.measure, true, p.other_score, p.h, p.m from pair p
        ) u
        group by u.measure, u.is_other, u.score
    ),
    counted as (
        select l.measure, l.is_other, l.score, l.h, l.m,
               nullif(sum(l.h) over everything, 0) as h_all,
               nullif(sum(l.m) over everything, 0) as m_all,
               sum(l.h) over upwards as h_to, sum(l.m) over upwards as m_to
        from level l
        window everything as (partition by l.measure, l.is_other),
               upwards as (partition by l.measure, l.is_other order by l.score)
    ),
    placed as (
        select c.*, (c.m_to - c.m / 2) / c.m_all as h_place,
               1 - (c.h_to - c.h / 2) / c.h_all as m_place
        from counted c
    ),
    deviating as materialized (
        select p.measure, p.is_other, p.score, p.h, p.m, p.h_all, p.m_all, a.auc,
               p.h_place - a.auc as h_deviation, p.m_place - a.auc as m_deviation
        from placed p
        inner join (
            select p.measure, p.is_other, sum(p.h * p.h_place) / p.h_all as auc
            from placed p
            group by p.measure, p.is_other, p.h_all
        ) a on a.measure = p.measure and a.is_other = p.is_other
    ),
    area as (
        select d.measure, d.is_other, d.h_all, d.m_all, d.auc,
               sqrt(sum(d.h * d.h_deviation ^ 2) / nullif(d.h_all - 1, 0) / d.h_all
                    + sum(d.m * d.m_deviation ^ 2) / nullif(d.m_all - 1, 0) / d.m_all) as error
        from deviating d
        group by d.measure, d.is_other, d.h_all, d.m_all, d.auc
    ),
    difference as (
        select p.measure, sum(p.h * (d.h_deviation - o.h_deviation) ^ 2) as h_squares,
               sum(p.m * (d.m_deviation - o.m_deviation) ^ 2) as m_squares
        from pair p
        inner join deviating d
            on d.measure = p.measure and d.score = p.score and not d.is_other
        inner join deviating o
            on o.measure = p.measure and o.score = p.other_score and o.is_other
        group by p.measure
    )
    select a.measure, coalesce(a.h_all, 0)::bigint, coalesce(a.m_all, 0)::bigint, a.auc, a.error,
           o.auc, o.error,
           sqrt(s.h_squares / nullif(a.h_all - 1, 0) / a.h_all
                + s.m_squares / nullif(a.m_all - 1, 0) / a.m_all)
    from area a
    inner join area o on o.measure = a.measure and o.is_other
    inner join difference s on s.measure = a.measure
    where not a.is_other
    order by a.measure;
end
$$;
comment on function engagement.areas(engagement.score_pair[]) is
    'Internal: area under the ROC curve of two ways of scoring, with standard errors (DeLong), and '
    'the standard error of auc - other_auc over the same outcomes. NULL where one kind of outcome '
    'is missing; errors also where there is only one of a kind.';
