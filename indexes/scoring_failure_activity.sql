-- Serves: a failing activity is recorded once, and resolved when it scores.
create index if not exists scoring_failure_activity on engagement.scoring_failure (
    source_id, source
)
where source_id is not null;
