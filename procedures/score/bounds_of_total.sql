-- Internal. The bounds of every score. Not to be inlined, see leaves_overview_at.
-- Reads: parameters SCORE_FLOOR, TOTAL_CAP.
create or replace function engagement.bounds_of_total(
    out floor_points numeric, out cap_points numeric
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    floor_points := nullif(engagement.parameter('SCORE_FLOOR'), 'NONE')::numeric;
    cap_points := nullif(engagement.parameter('TOTAL_CAP'), 'NONE')::numeric;
end
$$;
comment on function engagement.bounds_of_total() is
    'Internal: SCORE_FLOOR and TOTAL_CAP as numbers; NULL: no bound.';
