-- Internal. The companies whose employees' points another activity of these people may change. An
-- activity for one company takes the room that a cap leaves to later activities, and it keeps
-- points from fading with inactivity. Some of these may have been for another company.
-- Reads: award, score_rule, category.
create or replace function engagement.linked_employers(p_customer_ids engagement.host_key[])
returns setof engagement.host_key
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_linking constant integer[] := array(
        select r.rule_id
        from engagement.score_rule r
        where r.cap_points is not null
              or r.category_code in (select i.code from engagement.inactivity_categories() i (code))
    );
begin
    if v_linking = '{}' or engagement.employees_attribution() is distinct from 'AT_ACTIVITY' then
        return;
    end if;
    return query
    select distinct w.employer_id
    from engagement.awards_of_customers(null, p_customer_ids) w
    where w.rule_id = any (v_linking) and w.employer_id <> w.customer_id;
end
$$;
comment on function engagement.linked_employers(engagement.host_key[]) is
    'Internal: companies that have points of these people (each given once) by a rule under which '
    'the points of one activity depend on other activities. Points that go to the present employer '
    'are not meant.';
