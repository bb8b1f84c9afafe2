-- Serves: a product or committee whose class changes finds the awards that carry it.
create index if not exists award_subject on engagement.award (subject_id)
where voided_at is null and subject_id is not null;
