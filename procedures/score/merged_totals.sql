-- Internal. THE totals of a customer: the own points of all categories, and the points of
-- employees, if any. Inlined by the planner: keep it one query.
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
        coalesce(o.score, 0) + coalesce(e.score, 0),
        coalesce(o.ytd_score, 0),
        coalesce(o.overview_score, 0),
        coalesce(e.ytd_score, 0),
        coalesce(e.overview_score, 0),
        least(o.next_change_at, e.next_change_at)
    from unnest(p_customer_ids) k (id)
    left join (
        select
            u.customer_id,
            sum(u.score) as score,
            sum(u.ytd_score) as ytd_score,
            sum(u.overview_score) as overview_score,
            min(u.next_change_at) as next_change_at
        from unnest(p_own) u
        group by u.customer_id
    ) o on o.customer_id = k.id
    left join unnest(p_employees) e on e.customer_id = k.id;
end;
comment on function engagement.merged_totals(
    engagement.host_key[], engagement.period_total[], engagement.period_total[]
) is
    'Internal: totals of these customers (each given once) from their own points by category and '
    'from their employees'' points; a row for each, has_points: whether there were any.';
