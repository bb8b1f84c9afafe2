-- Points after so many whole weeks.
create or replace function engagement.fade(
    p_points numeric, p_half_life_weeks integer, p_weeks integer
)
returns numeric
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return engagement.round_half_even(
        p_points * power(0.5, p_weeks::numeric / p_half_life_weeks),
        engagement.parameter('SCORE_DECIMALS')::integer);
end
$$;
comment on function engagement.fade(numeric, integer, integer) is
    'p_points × 0.5^(p_weeks / p_half_life_weeks), rounded half to even to SCORE_DECIMALS.';
