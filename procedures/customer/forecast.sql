-- API. What a score will be if nothing happens. It is exact, because the dates of every beginning,
-- expiry and fading are known.
-- Reads: what own_points_at and sum_points__some read. Raises: EG001, EG004, EG006.
create or replace function engagement.forecast(
    p_customer_id engagement.host_key,
    p_weeks integer[] default '{4,8,12}',
    p_as_of timestamptz default now()
)
returns table (
    weeks integer, at timestamptz, own_score numeric, employee_score numeric, score numeric
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
    v_zone text := engagement.parameter('TIME_ZONE');
    v_instants timestamptz[];
begin
    p_as_of := coalesce(p_as_of, now());
    perform engagement.check_customer(p_customer_id);
    perform engagement.check_instant(p_as_of);
    if p_weeks is null or exists (
        select from unnest(p_weeks) w where w is null or w not between 1 and 5200
    ) then
        raise exception 'number of weeks is out of range'
            using errcode = 'EG004', detail = format('weeks %L', p_weeks),
                  hint = 'Use 1 to 5200.';
    end if;
    v_instants := array(
        select (p_as_of at time zone v_zone + make_interval(weeks => w.weeks)) at time zone v_zone
        from unnest(p_weeks) with ordinality w (weeks, number)
        order by w.number
    );
    for weeks, at, own_score in
        select n.weeks, n.at, n.points
        from unnest(p_weeks, v_instants, engagement.own_points_at(p_customer_id, v_instants))
            n (weeks, at, points)
    loop
        employee_score := engagement.employee_points_at(p_customer_id, at);
        score := engagement.bounded_total(own_score + employee_score,
                                          v_bounds.floor_points, v_bounds.cap_points);
        return next;
    end loop;
end
$$;
comment on function engagement.forecast(engagement.host_key, integer[], timestamptz) is
    'Own, employees'' and total points at p_as_of (NULL: now) plus each of p_weeks weeks, if '
    'nothing happens. Raises EG001 for an unknown customer, EG004 for weeks outside 1 to 5200.';
