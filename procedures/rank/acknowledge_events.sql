-- API. Takes events off the outbox that a consumer has dealt with. Ids that are gone already are no
-- error, so an acknowledgement can be repeated.
-- Writes: score_event.
create or replace function engagement.acknowledge_events(p_event_ids uuid[])
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_count bigint;
begin
    delete from engagement.score_event e where e.event_id = any (p_event_ids);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
comment on function engagement.acknowledge_events(uuid[]) is
    'Takes the events with these ids off the outbox and returns how many it found. Unknown ids are '
    'passed over.';
