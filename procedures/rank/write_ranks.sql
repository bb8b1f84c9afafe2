-- Internal. Writes the ranks of customers whose score is still the one that was ranked, and
-- announces the customers who have crossed into another band.
-- Reads: customer_score, category_score. Writes: customer_score, category_score, score_event.
create or replace function engagement.write_ranks(
    p_run engagement.recalculation_run,
    p_ranks engagement.recalculation_rank[],
    p_customer_ids engagement.host_key[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_crossing engagement.host_key[];
begin
    update engagement.customer_score s
    set percentile = r.percentile, band_code = r.band_code, ranked_type = r.ranked_type
    from (select u.* from unnest(p_ranks) u) r
    where r.category_code = ''
          and s.customer_id = r.customer_id and s.customer_id = any (p_customer_ids)
          and s.score = r.score
          and (s.percentile, s.band_code, s.ranked_type)
              is distinct from (r.percentile, r.band_code, r.ranked_type);
    update engagement.category_score p
    set percentile = r.percentile, band_code = r.band_code
    from (select u.* from unnest(p_ranks) u) r
    where r.category_code <> '' and p.category_code = r.category_code
          and p.customer_id = r.customer_id and p.customer_id = any (p_customer_ids)
          and p.score + p.employee_score = r.score
          and (p.percentile, p.band_code) is distinct from (r.percentile, r.band_code);
    v_crossing := array(
        select distinct u.customer_id from unnest(p_ranks) u
        where u.is_crossing and u.customer_id in (select i.id from unnest(p_customer_ids) i (id)));
    if v_crossing <> '{}' then
        perform engagement.announce_bands(
            p_as_of => p_run.as_of, p_customer_ids => v_crossing, p_is_run => true);
    end if;
end
$$;
comment on function engagement.write_ranks(
    engagement.recalculation_run, engagement.recalculation_rank[], engagement.host_key[]
) is
    'Internal: writes the ranks in p_ranks of the customers in p_customer_ids.';
