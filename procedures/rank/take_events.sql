-- API. Takes events off the outbox for a consumer, oldest first. Events that another consumer is
-- taking or holding are left out. A rollback puts the events back.
-- Writes: score_event. Raises: EG004.
create or replace function engagement.take_events(p_limit integer default 100)
returns setof engagement.score_event
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz := clock_timestamp();
begin
    if p_limit is null or p_limit < 1 then
        raise exception 'limit is not above zero'
            using errcode = 'EG004', detail = format('limit %L', p_limit),
                  hint = 'Give the number of events to take at most.';
    end if;
    return query
    with next as materialized (
        select e.customer_id, e.event_id
        from engagement.score_event e
        where e.held_until is null or e.held_until <= v_at
        order by e.created_at, e.event_id
        limit p_limit
        for update skip locked
    ),
    taken as (
        delete from engagement.score_event e
        using next n
        where e.customer_id = n.customer_id and e.event_id = n.event_id
        returning e.*
    )
    select t.* from taken t order by t.created_at, t.event_id;
end
$$;
comment on function engagement.take_events(integer) is
    'Takes up to p_limit events off the outbox and returns them, oldest first. Several consumers '
    'may call it at once. The events are gone when the transaction commits: commit after the '
    'work, or use hold_events and acknowledge_events. Raises EG004 for a limit below 1.';
