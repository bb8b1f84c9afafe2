-- Internal. Points after a number of whole weeks. 0.5^x is computed to enough decimal places to
-- tell on which side of a tie the product lies. After n whole half-lives 0.5^x has n decimal places
-- and is exact, so ties are rounded as ties.
create or replace function engagement.fade(
    p_points numeric, p_half_life_weeks integer, p_weeks integer
)
returns numeric
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_decimals integer := engagement.parameter('SCORE_DECIMALS')::integer;
    v_digits integer := length(trunc(abs(p_points))::text) + v_decimals;
    v_halvings integer := p_weeks / p_half_life_weeks;
    v_places integer := case when p_weeks % p_half_life_weeks = 0 then v_halvings
                             else v_digits + 12 end;
begin
    if v_halvings > 4 * v_digits then
        return 0;  -- the result is less than half of the last decimal place
    end if;
    return engagement.round_half_even(
        p_points * power(round(0.5, v_places),
                         round(p_weeks::numeric, v_places) / p_half_life_weeks),
        v_decimals);
end
$$;
comment on function engagement.fade(numeric, integer, integer) is
    'Internal: p_points × 0.5^(p_weeks / p_half_life_weeks), rounded half to even to '
    'SCORE_DECIMALS.';
