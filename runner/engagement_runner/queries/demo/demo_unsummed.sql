-- How many queue rows wait for their companies' time: a large one is summed again only after a while.
select count(*) from engagement.pending_activity where activity_column is not null
