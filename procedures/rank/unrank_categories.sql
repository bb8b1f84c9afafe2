-- Internal. Categories that are no longer ranked lose their percentiles and bands: that becomes
-- work of the run.
-- Reads: category_score. Writes: recalculation_rank, category_percentile.
create or replace function engagement.unrank_categories(p_ranked text[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from engagement.category_percentile p where p.category_code <> all (p_ranked);
    insert into engagement.recalculation_rank (
        customer_id, category_code, score, is_crossing
    )
    select p.customer_id, p.category_code, p.score + p.employee_score,
           p.announced_band is not null
    from engagement.stored_parts() p
    where p.category_code <> all (p_ranked)
          and (p.percentile is not null or p.band_code is not null or p.announced_band is not null)
    on conflict (customer_id, category_code) do nothing;
end
$$;
comment on function engagement.unrank_categories(text[]) is
    'Internal: part of the phase RANK of a run: takes percentile and band away in categories other '
    'than p_ranked.';
