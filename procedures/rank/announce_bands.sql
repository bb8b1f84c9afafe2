-- Internal. Announces customers who crossed into another band, once per crossing. announced_band
-- keeps the band that was announced last. The first run, and the first run after a change of the
-- bands, set announced_band without an event. A replay (an instant before one already announced)
-- and a look into the future do not even set announced_band.
-- Reads: customer_score, category_score, recalculation_run, setup_change.
-- Writes: customer_score, category_score, score_event.
create or replace function engagement.announce_bands(
    p_as_of timestamptz, p_customer_ids engagement.host_key[], p_is_run boolean
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_scale engagement.band_scale := engagement.band_scale();
    v_codes text[] := v_scale.score_codes || v_scale.percentile_codes;  -- as band_rank has them
    v_last engagement.recalculation_run;
    v_is_silent boolean;
    v_count bigint;
begin
    if p_as_of > v_at or exists (
        select from engagement.recalculation_run r
        where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP' and r.as_of > p_as_of
              and r.as_of <= r.finished_at
    ) then
        return;
    end if;
    select * into v_last
    from engagement.recalculation_run r
    where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP' and r.as_of <= r.finished_at
    order by r.as_of desc, r.run_id desc  -- a replay has announced nothing
    limit 1;
    v_is_silent := v_last.run_id is null or exists (
        select from engagement.setup_change c
        where c.object_type = 'BAND' and c.changed_at > v_last.finished_at
              and c.old_value - 'label' is distinct from c.new_value - 'label');
    if v_is_silent and not p_is_run then
        return;  -- a refresh waits for a run over everybody
    end if;
    with crossing as (
        select s.customer_id, s.announced_band, s.band_code, s.score, s.percentile
        from engagement.customer_score s
        where s.announced_band is distinct from s.band_code
              and s.customer_id = any (p_customer_ids)
    ),
    told as (
        update engagement.customer_score s
        set announced_band = c.band_code
        from crossing c
        where c.customer_id = s.customer_id and s.customer_id = any (p_customer_ids)
              -- unless a refresh came between: it has announced its own crossing
              and (s.band_code, s.announced_band)
                  is not distinct from (c.band_code, c.announced_band)
        returning c.*
    )
    insert into engagement.score_event (
        customer_id, event_type, from_band, to_band, score, percentile, occurred_at, created_at
    )
    select c.customer_id, case when c.height > 0 then 'BAND_UP' else 'BAND_DOWN' end,
           c.announced_band, c.band_code, c.score, c.percentile, p_as_of, v_at
    from (
        select t.*, coalesce(array_position(v_codes, t.band_code), 0)
                    - coalesce(array_position(v_codes, t.announced_band), 0) as height
        from told t
    ) c
    where not v_is_silent and c.height <> 0;
    get diagnostics v_count = row_count;
    if p_is_run or exists (select from engagement.category_percentile)
       or exists (select from engagement.score_band b where b.category_code is not null)
    then
        v_count := v_count + engagement.announce_part_bands(
            p_as_of => p_as_of, p_at => v_at, p_customer_ids => p_customer_ids,
            p_is_silent => v_is_silent);
    end if;
    -- A refresh notifies in the caller's transaction, and a transaction that has notified cannot be
    -- prepared for two-phase commit. Where the server allows prepared transactions, a refresh does
    -- not notify, and consumers have to poll.
    if v_count > 0
       and (p_is_run or current_setting('max_prepared_transactions')::integer = 0)
    then
        perform pg_notify('engagement_score_event', v_count::text);
    end if;
end
$$;
comment on function engagement.announce_bands(timestamptz, engagement.host_key[], boolean) is
    'Internal: writes a score_event for each of these customers whose band is not the one '
    'announced last, and notifies engagement_score_event. p_is_run: the caller is a run over '
    'everybody. A refresh does not notify if max_prepared_transactions is above zero, because a '
    'notification would bar PREPARE TRANSACTION.';
