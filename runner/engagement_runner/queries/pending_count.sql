-- Statements of the host that wait in the queue.
select count(*) from engagement.pending_activity
