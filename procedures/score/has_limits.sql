-- Internal. Tells whether the total may be another number than the sum of all points.
-- Reads: category; what bounds_of_total reads.
create or replace function engagement.has_limits()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return engagement.bounds_of_total() is distinct from row(null::numeric, null::numeric)
           or exists (select from engagement.category c
                      where not c.counts_in_total or c.cap_points is not null);
end
$$;
comment on function engagement.has_limits() is
    'Internal: whether a category does not count in the total or has a cap, or scores have bounds.';
