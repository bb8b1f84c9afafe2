-- The part of a score card that only a company has.
-- Reads: customer_score, engagement_host.employment.
create or replace function engagement.company_card(
    p_customer_id engagement.host_key, p_as_of timestamptz, p_stored engagement.customer_score
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_today date := (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
    v_employee_count bigint;
    v_engaged_count bigint;
begin
    select count(*), count(*) filter (where s.own_score > 0) into v_employee_count, v_engaged_count
    from (
        select distinct m.employee_id
        from engagement_host.employment m
        where m.employer_id = p_customer_id and m.employee_id <> p_customer_id
              and (m.begin_on is null or m.begin_on <= v_today)
              and (m.end_on is null or m.end_on >= v_today)
    ) e
    left join engagement.customer_score s on s.customer_id = e.employee_id;
    return jsonb_build_object(
        'employee_ytd_score', coalesce(p_stored.employee_ytd_score, 0),
        'employee_overview_score', coalesce(p_stored.employee_overview_score, 0),
        'employee_count', v_employee_count,
        'engaged_count', v_engaged_count,
        'participation_rate', round(v_engaged_count::numeric / nullif(v_employee_count, 0), 4),
        'average_score',
        round(coalesce(p_stored.employee_score, 0) / nullif(v_employee_count, 0), 2));
end
$$;
comment on function engagement.company_card(engagement.host_key, timestamptz,
                                            engagement.customer_score) is
    'Internal: employees on p_as_of''s date, how many have points, participation rate (0 to 1), '
    'average per employee.';
