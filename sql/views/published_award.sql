-- What a tool may show that reads tables only: the awards on record, each with its rule. Points are
-- those that the rule gives: caps and fading are not in them, because they depend on the instant.
-- See published_score.
create or replace view engagement.published_award as
select
    w.customer_id,
    w.employer_id,
    w.source,
    w.source_id,
    w.document_id,
    w.subject_id,
    w.subject_class,
    r.category_code,
    r.rule_code,
    r.description,
    w.points,
    w.effective_at,
    w.expires_at,
    w.recorded_at
from engagement.award as w
inner join engagement.score_rule as r on w.rule_id = r.rule_id
where w.voided_at is null;

comment on view engagement.published_award is
'The live awards, each with its rule; for tools that read tables only.';
comment on column engagement.published_award.customer_id is 'See award.';
comment on column engagement.published_award.employer_id is 'See award.';
comment on column engagement.published_award.source is 'See award.';
comment on column engagement.published_award.source_id is 'See award.';
comment on column engagement.published_award.document_id is 'See award.';
comment on column engagement.published_award.subject_id is 'See award.';
comment on column engagement.published_award.subject_class is 'See award.';
comment on column engagement.published_award.category_code is 'See score_rule.';
comment on column engagement.published_award.rule_code is 'See score_rule.';
comment on column engagement.published_award.description is 'See score_rule.';
comment on column engagement.published_award.points is 'Points by the rule, before cap and fading.';
comment on column engagement.published_award.effective_at is 'See award.';
comment on column engagement.published_award.expires_at is 'See award.';
comment on column engagement.published_award.recorded_at is 'See award.';
