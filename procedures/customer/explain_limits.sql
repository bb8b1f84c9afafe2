-- Internal. How much more or less categories and bounds let count at p_to than at p_from: what is
-- left between the points of all awards and the total. The limits are as they are now, at both
-- instants.
-- Reads: counted_at, category.
create or replace function engagement.explain_limits(
    p_customer_ids engagement.host_key[], p_from timestamptz, p_to timestamptz
)
returns table (customer_id engagement.host_key, description text, points numeric)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_bounds constant record := engagement.bounds_of_total();
begin
    if not engagement.has_limits() then
        return;
    end if;
    return query
    with part as materialized (
        select p.customer_id, max(c.category_name) as description,
               sum(p.points * p.is_late) as late_points,
               sum(p.points * (1 - p.is_late)) as early_points,
               engagement.counted_part(sum(p.points * p.is_late), bool_and(c.counts_in_total),
                                       max(c.cap_points)) as late_counted,
               engagement.counted_part(sum(p.points * (1 - p.is_late)),
                                       bool_and(c.counts_in_total),
                                       max(c.cap_points)) as early_counted
        from (
            select w.customer_id, w.category_code, i.is_late, w.points
            from (values (0, p_from), (1, p_to)) i (is_late, at)
            cross join lateral engagement.counted_at(p_customer_ids, i.at) w
        ) p
        left join engagement.category c on c.category_code = p.category_code
        group by p.customer_id, p.category_code
    )
    select l.*
    from (
        select s.customer_id, s.description,
               s.late_counted - s.early_counted - (s.late_points - s.early_points) as points
        from part s
        union all
        select t.customer_id, 'Bounds of the score',
               engagement.bounded_total(t.late_points, v_bounds.floor_points, v_bounds.cap_points)
               - engagement.bounded_total(t.early_points, v_bounds.floor_points,
                                          v_bounds.cap_points)
               - (t.late_points - t.early_points)
        from (
            select k.id as customer_id, coalesce(sum(s.late_counted), 0) as late_points,
                   coalesce(sum(s.early_counted), 0) as early_points
            from unnest(p_customer_ids) k (id)
            left join part s on s.customer_id = k.id
            group by k.id
        ) t
    ) l
    where l.points <> 0;
end
$$;
comment on function engagement.explain_limits(
    engagement.host_key[], timestamptz, timestamptz
) is
    'Internal: the rows of explain_changes with the cause TOTAL_LIMIT, of these customers (each '
    'given once): by category, and for the bounds of the score.';
