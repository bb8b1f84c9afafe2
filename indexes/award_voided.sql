-- Serves: a run finds the customers that a touched activity belonged to before, and when its last
-- award was voided.
create index if not exists award_voided on engagement.award (source_id)
where voided_at is not null;
