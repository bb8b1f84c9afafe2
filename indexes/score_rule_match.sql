-- Serves: the rules of one activity, by its subject and for any subject, in one scan.
create index if not exists score_rule_match on engagement.score_rule (
    engagement_type, effective_when, subject_key, class_key
)
where is_applied;
