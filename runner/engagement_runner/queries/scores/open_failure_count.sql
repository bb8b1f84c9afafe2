-- Scoring failures that nothing has resolved yet.
select count(*) from engagement.scoring_failure where resolved_at is null
