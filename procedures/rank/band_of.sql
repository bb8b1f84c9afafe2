-- Internal. THE definition of a band: the highest percentile band reached, else the highest score
-- band reached, else none. Inlined by the planner: keep it one expression.
create or replace function engagement.band_of(
    p_scale engagement.band_scale, p_score numeric, p_percentile integer
)
returns text
language sql
immutable
parallel safe
return coalesce(
    (p_scale).percentile_codes[width_bucket(p_percentile, (p_scale).from_percentiles)],
    (p_scale).score_codes[width_bucket(p_score, (p_scale).from_scores)]
);
comment on function engagement.band_of(engagement.band_scale, numeric, integer) is
    'Internal: band code of a score and percentile on a scale (engagement.band_scale()); NULL: '
    'none.';
