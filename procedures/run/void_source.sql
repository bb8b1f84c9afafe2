-- Internal. Voids one batch of awards of a source that is no longer registered.
-- Reads: award. Writes: award, recalculation_customer.
create or replace function engagement.void_source(
    p_run engagement.recalculation_run, p_source text
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_last engagement.host_key;
    v_count bigint;
begin
    -- Everything up to a key: fast whatever the statistics say, unlike a join with a LIMIT query.
    select w.source_id into v_last
    from engagement.award w
    where w.source = p_source and w.voided_at is null
    order by w.source_id
    offset 4999
    limit 1;
    if not found then
        select w.source_id into v_last
        from engagement.award w
        where w.source = p_source and w.voided_at is null
        order by w.source_id desc
        limit 1;
    end if;
    with void as (
        update engagement.award w
        set voided_at = case when w.recorded_at < p_run.started_at then p_run.started_at
                             else v_at end,
            void_reason = 'SOURCE_REMOVED'
        where w.source = p_source and w.voided_at is null
              and w.source_id <= v_last
        returning w.customer_id, w.employer_id
    ),
    concerned as (
        insert into engagement.recalculation_customer (customer_id, is_touched)
        select v.customer_id, true from void v
        union
        select v.employer_id, true from void v where v.employer_id is not null
        on conflict (customer_id) do update set is_touched = true
    )
    select count(*) into v_count from void;
    return v_count;
end
$$;
comment on function engagement.void_source(engagement.recalculation_run, text) is
    'Internal: voids about 5,000 live awards of an unregistered source at most; returns how many.';
