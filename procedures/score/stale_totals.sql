-- Internal. The customers whose stored totals differ from the ledger at an instant. FULL sums these
-- again. They are found in one pass over everybody instead of one by one. What is merged as
-- merged_totals and merged_parts do is too much for arrays.
-- Reads: customer_score, category_score, and what sum_points__all reads.
create or replace function engagement.stale_totals(p_as_of timestamptz)
returns setof engagement.host_key
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set jit = off
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
begin
    return query
    with own as materialized (
        select t.* from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => false) t
    ),
    employees as materialized (
        select t.* from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => true) t
    ),
    fresh as (
        select coalesce(o.customer_id, e.customer_id) as customer_id,
               coalesce(o.score, 0) as own_score, coalesce(e.score, 0) as employee_score,
               engagement.bounded_total(coalesce(o.score, 0) + coalesce(e.score, 0),
                                        v_bounds.floor_points, v_bounds.cap_points) as score,
               coalesce(o.ytd_score, 0) as ytd_score,
               coalesce(o.overview_score, 0) as overview_score,
               coalesce(e.ytd_score, 0) as employee_ytd_score,
               coalesce(e.overview_score, 0) as employee_overview_score,
               least(o.next_change_at, e.next_change_at) as next_change_at
        from (
            select u.customer_id,
                   sum(engagement.counted_part(u.score, c.counts_in_total, c.cap_points)) as score,
                   sum(engagement.counted_part(u.ytd_score, c.counts_in_total, null)) as ytd_score,
                   sum(engagement.counted_part(u.overview_score, c.counts_in_total, null))
                       as overview_score,
                   min(u.next_change_at) as next_change_at
            from own u
            left join engagement.category c on c.category_code = u.category_code
            group by u.customer_id
        ) o
        full join (
            select u.customer_id,
                   sum(engagement.counted_part(u.score, c.counts_in_total, null)) as score,
                   sum(engagement.counted_part(u.ytd_score, c.counts_in_total, null)) as ytd_score,
                   sum(engagement.counted_part(u.overview_score, c.counts_in_total, null))
                       as overview_score,
                   min(u.next_change_at) as next_change_at
            from employees u
            left join engagement.category c on c.category_code = u.category_code
            group by u.customer_id
        ) e on e.customer_id = o.customer_id
    ),
    part as (
        select coalesce(o.customer_id, e.customer_id) as customer_id,
               coalesce(o.category_code, e.category_code) as category_code,
               coalesce(o.score, 0) as score, coalesce(o.ytd_score, 0) as ytd_score,
               coalesce(o.overview_score, 0) as overview_score,
               coalesce(e.score, 0) as employee_score
        from own o
        full join (
            select u.* from employees u where u.score <> 0 and u.category_code is not null
        ) e
            on e.customer_id = o.customer_id and e.category_code = o.category_code
    )
    select coalesce(f.customer_id, s.customer_id)
    from fresh f
    full join engagement.stored_scores() s on s.customer_id = f.customer_id
    where (s.own_score, s.employee_score, s.score, s.ytd_score, s.overview_score,
           s.employee_ytd_score, s.employee_overview_score, s.next_change_at)
          is distinct from
          (coalesce(f.own_score, 0), coalesce(f.employee_score, 0), coalesce(f.score, 0),
           coalesce(f.ytd_score, 0), coalesce(f.overview_score, 0),
           coalesce(f.employee_ytd_score, 0), coalesce(f.employee_overview_score, 0),
           f.next_change_at)
    union
    select coalesce(p.customer_id, c.customer_id)
    from part p
    full join engagement.stored_parts() c
        on c.customer_id = p.customer_id and c.category_code = p.category_code
    where (p.score, p.ytd_score, p.overview_score, p.employee_score)
          is distinct from (c.score, c.ytd_score, c.overview_score, c.employee_score)
          -- A row without points may be left of a band.
          and (p.customer_id is not null
               or (c.score, c.ytd_score, c.overview_score, c.employee_score)
                  is distinct from (0, 0, 0, 0));
end
$$;
comment on function engagement.stale_totals(timestamptz) is
    'Internal: customers whose stored totals differ from the ledger at p_as_of.';
