-- Serves: engagement.acknowledge_events finds events by their ids.
create index if not exists score_event_id on engagement.score_event (event_id);
