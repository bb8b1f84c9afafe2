-- Internal. How well scores tell what happened from what did not: the area under the ROC curve. It
-- is the chance that an outcome that happened has a higher score than one that did not, ties
-- counting half. Each measure compares two ways of scoring the same outcomes. The error and the
-- covariance are DeLong's: the area is the mean of the place of each outcome among those of the
-- other kind, and the variance of these places says how sure it is. A place is a share of those
-- below, plus half of those equal, so no pair of outcomes is formed. A window with ORDER BY ends
-- with the last equal row, which is what a place needs.
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
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with counted as (
        select p.measure, p.happened_count as h, p.missed_count as m,
               sum(p.happened_count) over everything as h_all,
               sum(p.missed_count) over everything as m_all,
               sum(p.happened_count) over by_score as h_to,
               sum(p.missed_count) over by_score as m_to,
               sum(p.happened_count) over equal_score as h_equal,
               sum(p.missed_count) over equal_score as m_equal,
               sum(p.happened_count) over by_other as other_h_to,
               sum(p.missed_count) over by_other as other_m_to,
               sum(p.happened_count) over equal_other as other_h_equal,
               sum(p.missed_count) over equal_other as other_m_equal
        from unnest(p_pairs) p
        window everything as (partition by p.measure),
               by_score as (partition by p.measure order by p.score),
               equal_score as (partition by p.measure, p.score),
               by_other as (partition by p.measure order by p.other_score),
               equal_other as (partition by p.measure, p.other_score)
    ),
    placed as (
        select c.measure, c.h, c.m, c.h_all, c.m_all,
               (c.m_to - c.m_equal / 2.0::float8) / nullif(c.m_all, 0) as h_place,
               1 - (c.h_to - c.h_equal / 2.0::float8) / nullif(c.h_all, 0) as m_place,
               (c.other_m_to - c.other_m_equal / 2.0::float8) / nullif(c.m_all, 0)
                   as other_h_place,
               1 - (c.other_h_to - c.other_h_equal / 2.0::float8) / nullif(c.h_all, 0)
                   as other_m_place
        from counted c
    ),
    area as (
        select p.*,
               sum(p.h * p.h_place) over everything / nullif(p.h_all, 0) as auc,
               sum(p.h * p.other_h_place) over everything / nullif(p.h_all, 0) as other_auc
        from placed p
        window everything as (partition by p.measure)
    ),
    spread as (
        select a.measure, a.h_all, a.m_all, a.auc, a.other_auc,
               sum(a.h * (a.h_place - a.auc) ^ 2) / nullif(a.h_all - 1, 0) / a.h_all
               + sum(a.m * (a.m_place - a.auc) ^ 2) / nullif(a.m_all - 1, 0) / a.m_all
                   as variance,
               sum(a.h * (a.other_h_place - a.other_auc) ^ 2) / nullif(a.h_all - 1, 0) / a.h_all
               + sum(a.m * (a.other_m_place - a.other_auc) ^ 2) / nullif(a.m_all - 1, 0) / a.m_all
                   as other_variance,
               sum(a.h * (a.h_place - a.auc - a.other_h_place + a.other_auc) ^ 2)
                   / nullif(a.h_all - 1, 0) / a.h_all
               + sum(a.m * (a.m_place - a.auc - a.other_m_place + a.other_auc) ^ 2)
                   / nullif(a.m_all - 1, 0) / a.m_all as difference_variance
        from area a
        group by a.measure, a.h_all, a.m_all, a.auc, a.other_auc
    )
    select s.measure, s.h_all, s.m_all, s.auc, sqrt(s.variance), s.other_auc,
           sqrt(s.other_variance), sqrt(s.difference_variance)
    from spread s
    order by s.measure;
end
$$;
comment on function engagement.areas(engagement.score_pair[]) is
    'Internal: area under the ROC curve of two ways of scoring, with standard errors (DeLong), and '
    'the standard error of auc - other_auc over the same outcomes. NULL where one kind of outcome '
    'is missing; errors also where there is only one of a kind.';
