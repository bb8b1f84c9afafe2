-- Serves: the reversals of an activity, when what they take is summed.
create index if not exists reversal_reverses on engagement.reversal (reverses_id);
