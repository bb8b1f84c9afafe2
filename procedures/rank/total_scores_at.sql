-- Internal. Scores, percentiles and bands of many customers at an instant, ranked among each other.
-- It reads the whole ledger in one pass, so it is meant for nearly everybody.
-- Reads: sum_points__all, category, ranking.
create or replace function engagement.total_scores_at(
    p_customer_ids engagement.host_key[], p_as_of timestamptz, p_category_code text default null
)
returns table (
    customer_id engagement.host_key,
    score numeric,
    ranked_type text,
    percentile integer,
    band_code text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_ids engagement.host_key[];
    v_scores numeric[];
    v_bounds constant record := engagement.bounds_of_total();
begin
    select array_agg(k.id),
           array_agg(case when p_category_code is null
                          then engagement.bounded_total(coalesce(t.score, 0), v_bounds.floor_points,
                                                        v_bounds.cap_points)
                          else coalesce(t.points, 0) end)
    into v_ids, v_scores
    from unnest(p_customer_ids) k (id)
    left join (
        select u.customer_id,
               sum(engagement.counted_part(u.score, c.counts_in_total, u.cap_points)) as score,
               sum(u.score) as points
        from (
            select o.customer_id, o.category_code, o.score, l.cap_points
            from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => false) o
            left join engagement.category l on l.category_code = o.category_code
            union all
            select e.customer_id, e.category_code, e.score, null
            from engagement.sum_points__all(p_as_of => p_as_of, p_is_employees => true) e
        ) u
        left join engagement.category c on c.category_code = u.category_code
        where p_category_code is null or u.category_code = p_category_code
        group by u.customer_id
    ) t on t.customer_id = k.id;
    return query select r.* from engagement.ranking(v_ids, v_scores, p_category_code) r;
end
$$;
comment on function engagement.total_scores_at(engagement.host_key[], timestamptz, text) is
    'Internal: total points (own and employees'') of customers at an instant as known now, or '
    'those of a category, with their percentiles and bands among each other.';
