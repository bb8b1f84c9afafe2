-- Internal. Compares the totals of rows with new sums of the ledger at an instant. A row that has
-- been computed again since is left out: it is no longer the row that was to be compared.
-- Reads: customer_score, category_score, award.
create or replace function engagement.verify_totals(
    p_as_of timestamptz, p_customer_ids engagement.host_key[], p_calculated_ats timestamptz[]
)
returns setof engagement.verify_difference
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_own engagement.period_total[];
    v_employees engagement.period_total[];
begin
    v_own := array(select t from engagement.sum_points__some(
        p_customer_ids => p_customer_ids, p_as_of => p_as_of, p_is_employees => false) t);
    v_employees := array(select t from engagement.sum_points__some(
        p_customer_ids => p_customer_ids, p_as_of => p_as_of, p_is_employees => true) t);
    return query
    with part as (
        select m.* from engagement.merged_parts(v_own, v_employees) m
    ),
    stored as materialized (
        select s.*
        from engagement.stored_scores(p_customer_ids) s
        inner join unnest(p_customer_ids, p_calculated_ats) k (id, calculated_at)
            on k.id = s.customer_id and k.calculated_at = s.calculated_at
    )
    select 'customer score differs', w.customer_id, null::text, null::engagement.host_key,
           null::integer,
           row(w.own_score, w.employee_score, w.score, w.ytd_score, w.overview_score,
               w.employee_ytd_score, w.employee_overview_score, w.next_change_at)::text,
           row(s.own_score, s.employee_score, s.score, s.ytd_score, s.overview_score,
               s.employee_ytd_score, s.employee_overview_score, s.next_change_at)::text
    from engagement.merged_totals(p_customer_ids, v_own, v_employees) w
    inner join stored s on s.customer_id = w.customer_id
    where (w.own_score, w.employee_score, w.score, w.ytd_score, w.overview_score,
           w.employee_ytd_score, w.employee_overview_score, w.next_change_at)
          is distinct from
          (s.own_score, s.employee_score, s.score, s.ytd_score, s.overview_score,
           s.employee_ytd_score, s.employee_overview_score, s.next_change_at)
    union all
    select 'category score differs', coalesce(p.customer_id, c.customer_id),
           coalesce(p.category_code, c.category_code), null::engagement.host_key, null::integer,
           row(p.score, p.ytd_score, p.overview_score, p.employee_score)::text,
           row(c.score, c.ytd_score, c.overview_score, c.employee_score)::text
    from part p
    full join engagement.stored_parts(p_customer_ids) c
        on c.customer_id = p.customer_id and c.category_code = p.category_code
    where ((p.score, p.ytd_score, p.overview_score, p.employee_score)
           is distinct from (c.score, c.ytd_score, c.overview_score, c.employee_score)
           or p.customer_id is null or c.customer_id is null)
          -- A row without points may be left of a band.
          and (p.customer_id is not null
               or (c.score, c.ytd_score, c.overview_score, c.employee_score)
                  is distinct from (0, 0, 0, 0))
          and coalesce(p.customer_id, c.customer_id) in (select s.customer_id from stored s);
end
$$;
comment on function engagement.verify_totals(
    timestamptz, engagement.host_key[], timestamptz[]
) is
    'Internal: differences between the stored totals of these customers and the ledger at p_as_of. '
    'Rows with another calculated_at than p_calculated_ats are left out.';
