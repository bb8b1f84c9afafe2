-- Internal. The refresh icon: derives one customer's awards and totals at once. Queued keys stay
-- queued. The activities whose awards the refresh changed are queued too: a run that compares at
-- the same moment by other rules or parameters may not see these awards and would leave them as
-- they are.
-- Reads: the views, award.
-- Writes: award, customer_score, category_score of this customer, pending_activity. Raises: EG001.
create or replace function engagement.refresh(p_customer_id engagement.host_key,
                                              p_as_of timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = auto
as $$
declare
    v_at timestamptz := clock_timestamp();
begin
    perform set_config('plan_cache_mode', engagement.refresh_plans(), true);  -- until it ends
    perform engagement.check_customer(p_customer_id);
    if engagement.award_customers(array[p_customer_id::text], v_at) > 0 then
        -- Through these keys the next run also finds the companies that the awards count for.
        insert into engagement.pending_activity (source, activity_column, keys)
        select w.source, 'source_id', array_agg(distinct w.source_id::text)
        from engagement.award w
        where w.customer_id = p_customer_id and (w.recorded_at >= v_at or w.voided_at >= v_at)
        group by w.source;
    end if;
    perform engagement.write_totals(
        p_customer_ids => array[p_customer_id]::engagement.host_key[], p_as_of => p_as_of,
        p_always_stamp => true,
        p_follow_clock => p_as_of is null);
    perform engagement.rank_customers(array[p_customer_id]::engagement.host_key[]);
end
$$;
comment on function engagement.refresh(engagement.host_key, timestamptz) is
    'Internal: re-derives and re-sums one customer at p_as_of (NULL: now). '
    'Raises EG001 for an unknown '
    'customer.';
