-- Internal. The part of a score card that only a company has.
-- Reads: participation.
create or replace function engagement.company_card(
    p_customer_id engagement.host_key, p_as_of timestamptz, p_stored engagement.customer_score
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_part record;
begin
    -- Its average is of the stored points; the card's is of those that the card shows.
    select p.employee_count, p.engaged_count, p.participation_rate into v_part
    from engagement.participation(p_customer_id, p_as_of) p;
    return jsonb_build_object(
        'employee_ytd_score', coalesce(p_stored.employee_ytd_score, 0),
        'employee_overview_score', coalesce(p_stored.employee_overview_score, 0),
        'employee_count', coalesce(v_part.employee_count, 0),
        'engaged_count', coalesce(v_part.engaged_count, 0),
        'participation_rate', v_part.participation_rate,
        'average_score', round(coalesce(p_stored.employee_score, 0) / v_part.employee_count, 2));
end
$$;
comment on function engagement.company_card(engagement.host_key, timestamptz,
                                            engagement.customer_score) is
    'Internal: a company''s totals of employees'' points (p_stored has those of p_as_of), its '
    'employees on the date of p_as_of, how many of them have points now, the participation rate '
    '(0 to 1) and the average of employees'' points per employee.';
