-- Serves: a product or committee whose class changes finds the awards that carry or carried it.
create index if not exists award_subject on engagement.award (subject_id)
where subject_id is not null;
