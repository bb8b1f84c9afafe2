-- Internal. Overlay: the live awards that count for some companies. See awards_of_activities.
-- Reads: award.
create or replace function engagement.awards_of_employers(p_employer_ids engagement.host_key[])
returns setof engagement.award
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select w.*
    from engagement.award w
    where w.employer_id = any (p_employer_ids) and w.voided_at is null;
end
$$;
comment on function engagement.awards_of_employers(engagement.host_key[]) is
    'Internal: the live awards that count for these companies (each given once).';
