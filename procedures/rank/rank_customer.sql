-- Internal. Finds one customer's percentile and band on a refresh, by the thresholds of the last
-- run.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, score_percentile, score_band, engagement_host.customer.
-- Writes: customer_score, score_event.
create or replace function engagement.rank_customer(p_customer_id engagement.host_key)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_score engagement.customer_score;
    v_type text := (select c.customer_type from engagement_host.customer c
                    where c.customer_id = p_customer_id and c.is_active);
    v_percentile integer;
    v_band text;
begin
    select * into v_score from engagement.customer_score s where s.customer_id = p_customer_id;
    -- A score below every threshold has percentile 0. NULL: no customer of the type was ranked.
    v_percentile := (
        select coalesce(max(t.percentile) filter (where t.from_score <= v_score.score), 0)
        from engagement.score_percentile t
        where t.customer_type = v_type
        having count(*) > 0
    );
    v_band := engagement.band_of(engagement.band_scale(), v_score.score, v_percentile);
    if (v_score.percentile, v_score.band_code, v_score.ranked_type)
       is distinct from (v_percentile, v_band, v_type) then
        update engagement.customer_score s
        set percentile = v_percentile, band_code = v_band, ranked_type = v_type
        where s.customer_id = p_customer_id;
    end if;
    perform engagement.announce_bands(
        p_as_of => v_score.calculated_at,
        p_customer_ids => array[p_customer_id]::engagement.host_key[], p_is_run => false);
end
$$;
comment on function engagement.rank_customer(engagement.host_key) is
    'Internal: ranks one customer by the thresholds of the last run.';
