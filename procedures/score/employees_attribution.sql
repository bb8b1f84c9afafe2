-- Internal. Which awards of its people count for a company, as three parameters say it. Not to be
-- inlined, see leaves_overview_at.
-- Reads: parameters CALCULATE_EMPLOYER_ENGAGEMENT_SCORE, ROLLUP_EMPLOYEES_TO_EMPLOYER,
-- EMPLOYER_ATTRIBUTION.
create or replace function engagement.employees_attribution()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return case when engagement.parameter('CALCULATE_EMPLOYER_ENGAGEMENT_SCORE') = 'Y'
                     and engagement.parameter('ROLLUP_EMPLOYEES_TO_EMPLOYER') = 'Y'
                then engagement.parameter('EMPLOYER_ATTRIBUTION') else 'NONE' end;
end
$$;
comment on function engagement.employees_attribution() is
    'Internal: EMPLOYER_ATTRIBUTION, or NONE if the points of employees do not count.';
