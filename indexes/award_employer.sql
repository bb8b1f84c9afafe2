-- Serves: the roll-up of one company, and of a batch of companies.
create index if not exists award_employer on engagement.award (employer_id)
where voided_at is null and employer_id is not null;
