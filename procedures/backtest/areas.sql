-- Internal. How well scores tell what happened from what did not: the area under the ROC curve. It
-- is the chance that an outcome that happened has a higher score than one that did not, ties
-- counting half. Each measure compares two ways of scoring the same outcomes. The error and the
-- covariance are DeLong's: the area is the mean of the place of each outcome among those of the
-- other kind, and the variance of these places says how sure it is. A place is a share of those
-- below, plus half of those equal, so no pair of outcomes is formed. Equal scores have one place,
-- so places are found for each score, and only the error of a difference looks at all outcomes.
-- Where all measures compare the same score with another one (p_is_shared), its places are found
-- once. Scores become floats: what is equal stays equal, and to sort is cheaper.
create or replace function engagement.areas(
    p_pairs engagement.score_pair[], p_is_shared boolean default false
)
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
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_first constant integer := p_pairs[1].measure;
begin
    return query
    with pair as materialized (
        select p.measure, case when p_is_shared then v_first else p.measure end as score_measure,
               p.score::float8 as score, p.other_score::float8 as other_score,
               p.happened_count as h, p.missed_count as m
        from unnest(p_pairs) p
    ),
    level as (
        select u.measure, u.is_other, u.score, sum(u.h)::float8 as h, sum(u.m)::float8 as m
        from (
            select p.measure, false as is_other, p.score, p.h, p.m from pair p
            where p.measure = p.score_measure
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
    placed as materialized (
        -- Less a half, so that squares lose no digits.
        select c.*, (c.m_to - c.m / 2) / c.m_all - 0.5 as h_place,
               0.5 - (c.h_to - c.h / 2) / c.h_all as m_place
        from counted c
    ),
    area as (
        select s.*, s.mean + 0.5 as auc,
               sqrt(greatest(s.h_squares / s.h_all - s.mean ^ 2, 0) / nullif(s.h_all - 1, 0)
                    + greatest(s.m_squares / s.m_all - s.mean ^ 2, 0) / nullif(s.m_all - 1, 0))
                   as error
        from (
            select p.measure, p.is_other, p.h_all, p.m_all, sum(p.h * p.h_place) / p.h_all as mean,
                   sum(p.h * p.h_place * p.h_place) as h_squares,
                   sum(p.m * p.m_place * p.m_place) as m_squares
            from placed p
            group by p.measure, p.is_other, p.h_all, p.m_all
        ) s
    ),
    difference as (
        select p.measure, sum(p.h * (d.h_place - o.h_place) ^ 2) as h_squares,
               sum(p.m * (d.m_place - o.m_place) ^ 2) as m_squares
        from pair p
        inner join placed d
            on d.measure = p.score_measure and d.score = p.score and not d.is_other
        inner join placed o
            on o.measure = p.measure and o.score = p.other_score and o.is_other
        group by p.measure
    )
    select o.measure, coalesce(a.h_all, 0)::bigint, coalesce(a.m_all, 0)::bigint, a.auc, a.error,
           o.auc, o.error,
           sqrt(greatest(s.h_squares / a.h_all - (a.mean - o.mean) ^ 2, 0)
                    / nullif(a.h_all - 1, 0)
                + greatest(s.m_squares / a.m_all - (a.mean - o.mean) ^ 2, 0)
                    / nullif(a.m_all - 1, 0))
    from area o
    inner join area a on a.measure = case when p_is_shared then v_first else o.measure end
                         and not a.is_other
    inner join difference s on s.measure = o.measure
    where o.is_other
    order by o.measure;
end
$$;
comment on function engagement.areas(engagement.score_pair[], boolean) is
    'Internal: area under the ROC curve of two ways of scoring, with standard errors (DeLong), and '
    'the standard error of auc - other_auc over the same outcomes. NULL where one kind of outcome '
    'is missing; errors also where there is only one of a kind.';
