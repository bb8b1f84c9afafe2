-- Internal. The height of a band, to tell which of two bands is the higher one.
create or replace function engagement.band_rank(
    p_scale engagement.band_scale, p_band_code text
)
returns integer
language sql
immutable
parallel safe
return coalesce(
    array_position((p_scale).score_codes || (p_scale).percentile_codes, p_band_code), 0
);
comment on function engagement.band_rank(engagement.band_scale, text) is
    'Internal: height of a band on a scale, percentile bands above score bands; 0: no band, or one '
    'that is not on the scale.';
