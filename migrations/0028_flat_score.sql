-- A reversal takes its activity back and earns nothing itself, see 0024_reversals.sql. A flat score
-- is negative only where the host does not say what a negative row takes back.
comment on column engagement.score_rule.flat_score is
'Points per activity; negative where its quantity is, or its amount if it has no quantity.';
