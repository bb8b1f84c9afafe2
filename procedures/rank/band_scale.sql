-- Internal. The bands of the total, or of a category, as two sorted scales.
-- Reads: score_band.
create or replace function engagement.band_scale(p_category_code text default null)
returns engagement.band_scale
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return row(
        array(select b.from_percentile from engagement.score_band b
              where b.from_percentile is not null
                    and b.category_code is not distinct from p_category_code
              order by b.from_percentile),
        array(select b.band_code from engagement.score_band b
              where b.from_percentile is not null
                    and b.category_code is not distinct from p_category_code
              order by b.from_percentile),
        array(select b.from_score from engagement.score_band b
              where b.from_score is not null
                    and b.category_code is not distinct from p_category_code
              order by b.from_score),
        array(select b.band_code from engagement.score_band b
              where b.from_score is not null
                    and b.category_code is not distinct from p_category_code
              order by b.from_score)
    )::engagement.band_scale;
end
$$;
comment on function engagement.band_scale(text) is
    'Internal: the rows of score_band of a category (NULL: of the total) as sorted arrays, for '
    'band_of.';
