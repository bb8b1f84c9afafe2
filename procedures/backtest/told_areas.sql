-- Internal. The areas under the ROC curve as results have them: each with its interval of 95 %,
-- which ends at 0 and 1. The difference is what the score tells more than the other score.
create or replace function engagement.told_areas(
    p_pairs engagement.score_pair[], p_is_shared boolean default false
)
returns table (
    measure integer,
    auc numeric,
    auc_low numeric,
    auc_high numeric,
    other_auc numeric,
    other_auc_low numeric,
    other_auc_high numeric,
    difference numeric,
    difference_low numeric,
    difference_high numeric
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_z constant double precision := engagement.interval_z();
begin
    return query
    select a.measure,
           engagement.shown(a.auc),
           engagement.shown(greatest(0, a.auc - v_z * a.auc_error)),
           engagement.shown(least(1, a.auc + v_z * a.auc_error)),
           engagement.shown(a.other_auc),
           engagement.shown(greatest(0, a.other_auc - v_z * a.other_auc_error)),
           engagement.shown(least(1, a.other_auc + v_z * a.other_auc_error)),
           engagement.shown(a.auc - a.other_auc),
           engagement.shown(greatest(-1, a.auc - a.other_auc - v_z * a.difference_error)),
           engagement.shown(least(1, a.auc - a.other_auc + v_z * a.difference_error))
    from engagement.areas(p_pairs => p_pairs, p_is_shared => p_is_shared) a
    order by a.measure;
end
$$;
comment on function engagement.told_areas(engagement.score_pair[], boolean) is
    'Internal: what engagement.areas says, rounded, with intervals of 95 %.';
