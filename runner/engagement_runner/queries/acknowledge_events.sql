-- How many of these events were on the outbox, which they have left.
select engagement.acknowledge_events(%(event_ids)s::uuid[])
