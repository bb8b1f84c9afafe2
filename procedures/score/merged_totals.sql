-- Internal. THE totals of a customer: what the categories count of own points and of employees'
-- points. A cap is of own points, at an instant; year to date and overview know none. Inlined by
-- the planner: keep it one query.
-- Reads: category.
create or replace function engagement.merged_totals(
    p_customer_ids engagement.host_key[],
    p_own engagement.period_total[],
    p_employees engagement.period_total[]
)
returns table (
    customer_id engagement.host_key,
    has_points boolean,
    own_score numeric,
    employee_score numeric,
    score numeric,
    ytd_score numeric,
    overview_score numeric,
    employee_ytd_score numeric,
    employee_overview_score numeric,
    next_change_at timestamptz
)
language sql
stable
begin atomic
    select
        k.id,
        o.customer_id is not null or e.customer_id is not null,
        coalesce(o.score, 0),
        coalesce(e.score, 0),
        engagement.bounded_total(
            coalesce(o.score, 0) + coalesce(e.score, 0), b.floor_points, b.cap_points
        ),
        coalesce(o.ytd_score, 0),
        coalesce(o.overview_score, 0),
        coalesce(e.ytd_score, 0),
        coalesce(e.overview_score, 0),
        least(o.next_change_at, e.next_change_at)
    from unnest(p_customer_ids) k (id)
    cross join engagement.bounds_of_total() b
    left join (
        select
            u.customer_id,
            sum(engagement.counted_part(u.score, c.counts_in_total, c.cap_points)) as score,
            sum(engagement.counted_part(u.ytd_score, c.counts_in_total, null)) as ytd_score,
            sum(engagement.counted_part(u.overview_score, c.counts_in_total, null))
                as overview_score,
            min(u.next_change_at) as next_change_at
        from unnest(p_own) u
        left join engagement.category c on c.category_code = u.category_code
        group by u.customer_id
    ) o on o.customer_id = k.id
    left join (
        select
            u.customer_id,
            sum(engagement.counted_part(u.score, c.counts_in_total, null)) as score,
            sum(engagement.counted_part(u.ytd_score, c.counts_in_total, null)) as ytd_score,
            sum(engagement.counted_part(u.overview_score, c.counts_in_total, null))
                as overview_score,
            min(u.next_change_at) as next_change_at
        from unnest(p_employees) u
        left join engagement.category c on c.category_code = u.category_code
        group by u.customer_id
    ) e on e.customer_id = k.id;
end;
comment on function engagement.merged_totals(
    engagement.host_key[], engagement.period_total[], engagement.period_total[]
) is
    'Internal: totals of these customers (each given once) from their own points and their '
    'employees'' points by category; a row for each, has_points: whether there were any.';
