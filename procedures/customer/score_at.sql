-- API. A score is a sum of awards at an instant. It has two clocks: what counts at p_as_of, as on
-- record at p_known_at.
-- Reads: own_points_at.
create or replace function engagement.score_at(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_bounds constant record := engagement.bounds_of_total();
begin
    return engagement.bounded_total(
        (engagement.own_points_at(p_customer_id, array[p_as_of], p_known_at))[1],
        v_bounds.floor_points, v_bounds.cap_points);
end
$$;
comment on function engagement.score_at(engagement.host_key, timestamptz, timestamptz) is
    'The total of a customer''s own points at p_as_of, as the ledger knew them at p_known_at: the '
    'score without the points of employees. 0 for an unknown customer, or SCORE_FLOOR if that is '
    'higher.';
