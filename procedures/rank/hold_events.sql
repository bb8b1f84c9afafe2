-- API. Gives out events to a consumer that acknowledges them later. They stay on the outbox, and no
-- other consumer gets them until the time is up. Events that another consumer is taking or holding
-- are left out.
-- Writes: score_event. Raises: EG004.
create or replace function engagement.hold_events(
    p_limit integer default 100, p_minutes integer default 10
)
returns setof engagement.score_event
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_until timestamptz;
begin
    if p_limit is null or p_limit < 1 then
        raise exception 'limit is not above zero'
            using errcode = 'EG004', detail = format('limit %L', p_limit),
                  hint = 'Give the number of events to hold at most.';
    elsif p_minutes is null or p_minutes not between 1 and 10080 then
        raise exception 'number of minutes is out of range'
            using errcode = 'EG004', detail = format('minutes %L', p_minutes),
                  hint = 'Use 1 to 10080, which is a week.';
    end if;
    v_until := v_at + make_interval(mins => p_minutes);
    return query
    with next as materialized (
        select e.customer_id, e.event_id
        from engagement.score_event e
        where e.held_until is null or e.held_until <= v_at
        order by e.created_at, e.event_id
        limit p_limit
        for update skip locked
    ),
    held as (
        update engagement.score_event e
        set held_until = v_until
        from next n
        where e.customer_id = n.customer_id and e.event_id = n.event_id
        returning e.*
    )
    select h.* from held h order by h.created_at, h.event_id;
end
$$;
comment on function engagement.hold_events(integer, integer) is
    'Returns up to p_limit events of the outbox, oldest first, and keeps them from other consumers '
    'for p_minutes. acknowledge_events takes them off; events not acknowledged by then are given '
    'out again. Raises EG004 for a limit below 1 or minutes outside 1 to 10080.';
