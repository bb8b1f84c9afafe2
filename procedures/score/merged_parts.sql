-- Internal. THE scores of a customer by category: own points, and points of employees. Inlined by
-- the planner: keep it one query.
create or replace function engagement.merged_parts(
    p_own engagement.period_total[], p_employees engagement.period_total[]
)
returns table (
    customer_id engagement.host_key,
    category_code text,
    score numeric,
    ytd_score numeric,
    overview_score numeric,
    employee_score numeric
)
language sql
stable
begin atomic
    select
        coalesce(o.customer_id, e.customer_id),
        coalesce(o.category_code, e.category_code),
        coalesce(o.score, 0),
        coalesce(o.ytd_score, 0),
        coalesce(o.overview_score, 0),
        coalesce(e.score, 0)
    from unnest(p_own) o
    full join (
        select
            u.customer_id,
            u.category_code,
            u.score
        from unnest(p_employees) u
        where u.score <> 0 and u.category_code is not null
    ) e on e.customer_id = o.customer_id and e.category_code = o.category_code;
end;
comment on function engagement.merged_parts(
    engagement.period_total[], engagement.period_total[]
) is
    'Internal: the rows of category_score that own points and employees'' points by category make.';
