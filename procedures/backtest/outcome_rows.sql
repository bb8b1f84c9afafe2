-- Internal. THE definition of which rows of an outcome can be used. A row that peeks, or that says
-- nothing, has a problem. Of two rows for one customer and instant neither counts, because nothing
-- says which of them is true. A customer who has left the host's view has lost the awards as well,
-- so the score of then cannot be known.
-- Reads: read_outcome, host_customers, scored_at. Raises: EG007, EG017.
create or replace function engagement.outcome_rows(p_outcome text)
returns table (
    customer_id engagement.host_key,
    decided_at timestamptz,
    happened boolean,
    value numeric,
    problem text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_scored_at timestamptz := engagement.scored_at();
begin
    return query
    select v.customer_id, v.decided_at, v.happened, v.value,
           case when v.customer_id is null then 'NO_CUSTOMER'
                when c.customer_id is null then 'UNKNOWN_CUSTOMER'
                when not coalesce(engagement.is_instant(v.decided_at), false) then 'NO_INSTANT'
                when v.row_count > 1 then 'DUPLICATE'
                when v.happened is null then 'OPEN'
                when v.decided_at > greatest(clock_timestamp(), v_scored_at) then 'IN_THE_FUTURE'
                when v.decided_at > v_scored_at then 'NOT_SCORED'
                when v.value in ('NaN', 'Infinity', '-Infinity') then 'NO_VALUE'
           end
    from (
        select r.*, count(*) over (partition by r.customer_id, r.decided_at) as row_count
        from engagement.read_outcome(p_outcome) r
    ) v
    left join (
        select distinct h.customer_id from engagement.host_customers() h
    ) c on c.customer_id = v.customer_id;
end
$$;
comment on function engagement.outcome_rows(text) is
    'Internal: the rows of an outcome''s view, each with its problem; NULL: it can be used.';
