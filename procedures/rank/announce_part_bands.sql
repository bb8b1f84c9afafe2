-- Internal. Announces customers who crossed into another band of a category, see announce_bands.
-- Reads: category_score. Writes: category_score, score_event.
create or replace function engagement.announce_part_bands(
    p_as_of timestamptz,
    p_at timestamptz,
    p_customer_ids engagement.host_key[],
    p_is_silent boolean
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_count bigint;
begin
    with crossing as (
        select p.customer_id, p.category_code, p.announced_band, p.band_code,
               p.score + p.employee_score as score, p.percentile
        from engagement.category_score p
        where p.announced_band is distinct from p.band_code
              and p.customer_id = any (p_customer_ids)
    ),
    told as (
        update engagement.category_score p
        set announced_band = c.band_code
        from crossing c
        where c.customer_id = p.customer_id and c.category_code = p.category_code
              and p.customer_id = any (p_customer_ids)
              and (p.band_code, p.announced_band)
                  is not distinct from (c.band_code, c.announced_band)
        returning c.*
    )
    insert into engagement.score_event (
        customer_id, event_type, from_band, to_band, score, percentile, occurred_at, created_at,
        category_code
    )
    select c.customer_id, case when c.height > 0 then 'BAND_UP' else 'BAND_DOWN' end,
           c.announced_band, c.band_code, c.score, c.percentile, p_as_of, p_at, c.category_code
    from (
        select t.*, engagement.band_rank(s.bands, t.band_code)
                    - engagement.band_rank(s.bands, t.announced_band) as height
        from told t
        cross join lateral (select engagement.band_scale(t.category_code) as bands offset 0) s
    ) c
    where not p_is_silent and c.height <> 0;
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
comment on function engagement.announce_part_bands(
    timestamptz, timestamptz, engagement.host_key[], boolean
) is
    'Internal: writes a score_event for each of these customers and categories whose band is not '
    'the one announced last (p_is_silent: none); returns how many.';
