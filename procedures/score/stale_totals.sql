-- Internal. The customers whose stored totals differ from the ledger at an instant. FULL sums these
-- again. They are found in one pass over everybody instead of one by one.
-- Reads: customer_score, category_score, and what sum_points__all reads.
create or replace function engagement.stale_totals(p_as_of timestamptz)
returns setof engagement.host_key
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set jit = off
as $$
begin
    return query
    with own as materialized (
        select t.* from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => false) t
    ),
    employees as (
        select t.* from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => true) t
    ),
    fresh as (
        select coalesce(o.customer_id, e.customer_id) as customer_id,
               coalesce(o.score, 0) as own_score, coalesce(e.score, 0) as employee_score,
               coalesce(o.score, 0) + coalesce(e.score, 0) as score,
               coalesce(o.ytd_score, 0) as ytd_score,
               coalesce(o.overview_score, 0) as overview_score,
               coalesce(e.ytd_score, 0) as employee_ytd_score,
               coalesce(e.overview_score, 0) as employee_overview_score,
               least(o.next_change_at, e.next_change_at) as next_change_at
        from (
            select u.customer_id, sum(u.score) as score, sum(u.ytd_score) as ytd_score,
                   sum(u.overview_score) as overview_score, min(u.next_change_at) as next_change_at
            from own u
            group by u.customer_id
        ) o
        full join employees e on e.customer_id = o.customer_id
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
    select coalesce(o.customer_id, c.customer_id)
    from own o
    full join engagement.stored_parts() c
        on c.customer_id = o.customer_id and c.category_code = o.category_code
    where (o.score, o.ytd_score, o.overview_score)
          is distinct from (c.score, c.ytd_score, c.overview_score);
end
$$;
comment on function engagement.stale_totals(timestamptz) is
    'Internal: customers whose stored totals differ from the ledger at p_as_of.';
