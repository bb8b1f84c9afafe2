-- API. How a score has moved. It is exact: own points and employees' points are summed from the
-- ledger at each instant, as known now.
-- Reads: what own_points_at and sum_points__some read. Raises: EG001, EG004, EG006.
create or replace function engagement.trend(
    p_customer_id engagement.host_key,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval default '1 month'
)
returns table (at timestamptz, own_score numeric, employee_score numeric, score numeric)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
    v_zone text := engagement.parameter('TIME_ZONE');
    v_begin timestamp := p_from at time zone v_zone;
    v_days interval;
    v_hours interval;
    v_instants timestamptz[] := '{}';
begin
    perform engagement.check_customer(p_customer_id);
    perform engagement.check_instant(p_from);
    perform engagement.check_instant(p_to);
    if p_from is null or p_to is null or p_to < p_from then
        raise exception 'range ends before it begins'
            using errcode = 'EG004', detail = format('from %s to %s', p_from, p_to),
                  hint = 'p_to must not be earlier than p_from.';
    end if;
    if p_step is null or p_step <= interval '0' or p_step > interval '50000 years'
       or (p_to - p_from) / 10000 > p_step then
        raise exception 'step is not valid'
            using errcode = 'EG004', detail = format('step %s', coalesce(p_step::text, 'NULL')),
                  hint = 'Use an interval above zero that makes at most 10000 steps.';
    end if;
    v_days := date_trunc('day', p_step);
    v_hours := p_step - v_days;
    -- Each step is computed from p_from, so that monthly steps from 31 January do not stay on the
    -- 28th. Months and days are local time; hours are elapsed time.
    for v_number in 0 .. 10000 loop
        at := case when v_days = interval '0' or v_number = 0 then p_from
                   else (v_begin + v_days * v_number) at time zone v_zone end
              + v_hours * v_number;
        exit when at > p_to;
        v_instants := v_instants || at;
    end loop;
    for at, own_score in
        select n.at, n.points
        from unnest(v_instants, engagement.own_points_at(p_customer_id, v_instants)) n (at, points)
    loop
        employee_score := engagement.employee_points_at(p_customer_id, at);
        score := engagement.bounded_total(own_score + employee_score,
                                          v_bounds.floor_points, v_bounds.cap_points);
        return next;
    end loop;
end
$$;
comment on function engagement.trend(engagement.host_key, timestamptz, timestamptz, interval) is
    'Own, employees'' and total points from p_from to p_to at every p_step, from the ledger as '
    'known now. Raises EG001 for an unknown customer, EG004 for a range that ends before it '
    'begins, a step not above zero, or more than 10000 steps.';
