-- Internal. THE definition of fading: what an award's points count for at an instant, by the
-- half-life of its rule and by what inactivity leaves. Inlined by the planner, for rules that know
-- neither to the points themselves: keep it one expression. The operator is qualified, because the
-- function does not set search_path.
create or replace function engagement.faded_points(
    p_points numeric, p_effective_at timestamptz, p_half_life_weeks integer,
    p_inactivity_steps integer[], p_active_in tstzmultirange, p_as_of timestamptz
)
returns numeric
language sql
immutable
parallel safe
as $$
    select case
        when p_half_life_weeks is null and p_inactivity_steps is null
             or p_effective_at operator(pg_catalog.>) p_as_of then p_points
        when p_inactivity_steps is null then engagement.fade(
            p_points, p_half_life_weeks, engagement.whole_weeks(p_effective_at, p_as_of))
        else engagement.keep(
            case when p_half_life_weeks is null then p_points
                 else engagement.fade(p_points, p_half_life_weeks,
                                      engagement.whole_weeks(p_effective_at, p_as_of)) end,
            p_inactivity_steps, p_active_in, p_as_of) end
$$;
comment on function engagement.faded_points(
    numeric, timestamptz, integer, integer[], tstzmultirange, timestamptz
) is
    'Internal: points that count at p_as_of: p_points × 0.5^(whole weeks since p_effective_at / '
    'p_half_life_weeks), then the percent that p_inactivity_steps leave, each rounded half to even '
    'to SCORE_DECIMALS. NULL half-life and NULL steps: p_points. p_active_in: see last_active_at.';
