-- Internal. The awards of some customers that count at an instant, as on record then.
-- Reads: counted_awards.
create or replace function engagement.counted_at(
    p_customer_ids engagement.host_key[], p_at timestamptz
)
returns table (
    customer_id engagement.host_key,
    source text,
    source_id engagement.host_key,
    rule_id integer,
    category_code text,
    recorded_at timestamptz,
    effective_at timestamptz,
    capped_points numeric,
    faded_points numeric,
    points numeric
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query
    select w.customer_id, w.source, w.source_id, w.rule_id, w.category_code, w.recorded_at,
           w.effective_at, w.capped_points,
           engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks, null, null,
                                   p_at),
           engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                   w.inactivity_steps, w.active_in, p_at)
    from engagement.counted_awards(p_customer_ids, p_at) w
    where engagement.counts_at(w.effective_at, w.expires_at, p_at);
end
$$;
comment on function engagement.counted_at(engagement.host_key[], timestamptz) is
    'Internal: awards of customers that count at p_at, as on record then: capped_points, what its '
    'half-life leaves of them (faded_points), and what of that counts (points).';
