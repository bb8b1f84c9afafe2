-- One customer's percentile and band against the stored scores of the others, on a refresh.
-- Reads: customer_score, score_band, engagement_host.customer. Writes: customer_score, score_event.
create or replace function engagement.rank_customer(p_customer_id engagement.host_key)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_type text := (select c.customer_type from engagement_host.customer c
                    where c.customer_id = p_customer_id and c.is_active);
    v_score numeric := (select s.score from engagement.customer_score s
                        where s.customer_id = p_customer_id);
    v_percentile integer;
begin
    if v_type is not null then
        select engagement.percentile_of(
            count(*) filter (where s.score < v_score),
            count(*) filter (where s.score = v_score) + 1,
            count(*) + 1)
        into v_percentile
        from engagement.customer_score s
        where s.ranked_type = v_type and s.customer_id <> p_customer_id;
    end if;
    update engagement.customer_score s
    set percentile = v_percentile,
        band_code = engagement.band_of(engagement.band_scale(), v_score, v_percentile),
        ranked_type = v_type
    where s.customer_id = p_customer_id
          and (s.percentile, s.band_code, s.ranked_type) is distinct from (
              v_percentile, engagement.band_of(engagement.band_scale(), v_score, v_percentile),
              v_type);
    perform engagement.announce_bands(
        (select s.calculated_at from engagement.customer_score s
         where s.customer_id = p_customer_id),
        p_customer_id);
end
$$;
comment on function engagement.rank_customer(engagement.host_key) is
    'Internal: ranks one customer against the stored scores of the others.';
