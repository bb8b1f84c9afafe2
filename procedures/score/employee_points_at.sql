-- Internal. The points of a company's people at an instant, from today's ledger.
-- Reads: what sum_points__some reads, category.
create or replace function engagement.employee_points_at(
    p_customer_id engagement.host_key, p_as_of timestamptz
)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(sum(engagement.counted_part(t.score, c.counts_in_total, null)), 0)
        from engagement.sum_points__some(
            p_customer_ids => array[p_customer_id]::engagement.host_key[], p_as_of => p_as_of,
            p_is_employees => true) t
        left join engagement.category c on c.category_code = t.category_code
    );
end
$$;
comment on function engagement.employee_points_at(engagement.host_key, timestamptz) is
    'Internal: points of employees that count for this customer at p_as_of.';
