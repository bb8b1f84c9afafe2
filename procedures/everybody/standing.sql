-- Internal. Everybody's points and rank, in total or in a category. Who has no points in the
-- category has no rank in it. Inlined by the planner: keep it one query.
-- Reads: customer_score, category_score.
create or replace function engagement.standing(p_category_code text)
returns table (score numeric, ranked_type text, percentile integer, band_code text)
language sql
stable
begin atomic
    select
        s.score,
        s.ranked_type,
        s.percentile,
        s.band_code
    from engagement.customer_score s
    where p_category_code is null
    union all
    select
        coalesce(p.score + p.employee_score, 0),
        s.ranked_type,
        p.percentile,
        p.band_code
    from engagement.customer_score s
    left join engagement.category_score p
        on p.customer_id = s.customer_id and p.category_code = p_category_code
    where p_category_code is not null;
end;
comment on function engagement.standing(text) is
    'Internal: points, rank and band of everybody, as stored: in total (NULL), or in a category.';
