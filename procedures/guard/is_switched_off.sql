-- Internal. Whether scoring is switched off. If it is, a notice tells the caller.
-- Reads: parameter CALCULATE_ENGAGEMENT_SCORE_POINTS.
create or replace function engagement.is_switched_off()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if engagement.parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'Y' then
        return false;
    end if;
    raise notice 'engagement scores are switched off (CALCULATE_ENGAGEMENT_SCORE_POINTS is N)';
    return true;
end
$$;
comment on function engagement.is_switched_off() is
    'Internal: true, with a notice, while CALCULATE_ENGAGEMENT_SCORE_POINTS is N.';
