-- Internal. The customers whose totals wait for the next run: customers and employers of queued
-- activities, queued customers and employees, and the work of an unfinished run. Definer: the
-- host's views run as the package's owner.
-- Reads: pending_activity, recalculation_source, recalculation_customer, award, activity_source.
create or replace function engagement.queued_customers()
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_custom_plan
as $$
declare
    v_source text;
    v_ids engagement.host_key[];
    v_customers engagement.host_key[];
begin
    if exists (select from engagement.pending_activity p where p.activity_column is null)
       or exists (select from engagement.recalculation_source)
       or (engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT'
           and exists (select from engagement.pending_activity p
                       where p.source = 'employment')) then
        return null;
    end if;
    v_customers := array(
        select c.customer_id from engagement.recalculation_customer c
        union
        select k.key::engagement.host_key
        from engagement.pending_activity p
        cross join unnest(p.keys) k (key)
        where p.source in ('customer', 'employment')
    );
    for v_source in select s.source from engagement.activity_source s where s.detached_at is null
    loop
        begin
            v_ids := engagement.queued_activities(v_source);
        exception when others then
            return null;  -- the source cannot be read, so it may concern anybody
        end;
        v_ids := array(select distinct k.id from unnest(v_ids) k (id));
        v_customers := v_customers || engagement.concerned_customers(v_source, v_ids);
    end loop;
    v_customers := v_customers || array(
        select l.id
        from engagement.linked_employers(
            array(select distinct k.id from unnest(v_customers) k (id))) l (id)
    );
    if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT' then
        v_customers := v_customers || array(
            select e.employer_id::engagement.host_key
            from engagement_host.employment e
            where e.employee_id = any (v_customers) and e.employer_id is not null
        );
    end if;
    return v_customers;
end
$$;
comment on function engagement.queued_customers() is
    'Internal: customers whose totals wait for the next run; NULL: it may be everybody.';
