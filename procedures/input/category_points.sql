-- Internal. Own points of a category at an instant.
-- Reads: counted_awards.
create or replace function engagement.category_points(
    p_customer_id engagement.host_key, p_category_code text, p_at timestamptz
)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(sum(engagement.faded_points(
                   w.capped_points, w.effective_at, w.half_life_weeks, w.inactivity_steps,
                   w.active_in, p_at)), 0)
        from engagement.counted_awards(array[p_customer_id]::engagement.host_key[]) w
        where w.category_code = p_category_code
              and engagement.counts_at(w.effective_at, w.expires_at, p_at)
    );
end
$$;
comment on function engagement.category_points(engagement.host_key, text, timestamptz) is
    'Internal: own points of a category at p_at, by the ledger as it is now.';
