-- The refresh icon: one customer, awards from the source and totals, at once. What is queued stays
-- queued.
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
as $$
declare
    v_at timestamptz := clock_timestamp();
begin
    perform engagement.check_customer(p_customer_id);
    if engagement.award_customers(array[p_customer_id::text], v_at) > 0 then
        -- Only this customer is written now; the companies that these awards count for are summed
        -- by the next run, which with CURRENT finds them by this customer.
        insert into engagement.pending_activity (source, activity_column, keys)
        select 'customer', 'customer_id', array_agg(c.key)
        from (
            select w.employer_id::text as key
            from engagement.award w
            where w.customer_id = p_customer_id and w.employer_id is not null
                  and (w.recorded_at >= v_at or w.voided_at >= v_at)
            union
            select p_customer_id::text
            where engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT'
        ) c
        having count(*) > 0;
    end if;
    perform engagement.write_totals(
        p_customer_ids => array[p_customer_id]::engagement.host_key[], p_as_of => p_as_of,
        p_is_touched => true,
        p_is_for_now => p_as_of is null);
    perform engagement.rank_customer(p_customer_id);
end
$$;
comment on function engagement.refresh(engagement.host_key, timestamptz) is
    'Internal: re-derives and re-sums one customer at p_as_of (NULL: now). '
    'Raises EG001 for an unknown '
    'customer.';
