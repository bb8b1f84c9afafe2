-- Serves: a run finds whom a touched activity used to belong to, and when its last award was
-- voided.
create index if not exists award_voided on engagement.award (source_id)
where voided_at is not null;
