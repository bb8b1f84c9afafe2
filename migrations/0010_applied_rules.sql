-- Two columns of state.
--
-- A retroactive change of rules reaches everybody in one step: until the next run begins, triggers
-- and refreshes go on with the versions of before.
alter table engagement.score_rule add column is_applied boolean not null default true;
comment on column engagement.score_rule.is_applied is
    'Whether activities earn by it now. Differs from is_active from a retroactive change until the '
    'next run begins.';
comment on column engagement.score_rule.is_active is
    'False: the version awards nothing and what it awarded is voided, from the next run on.';

alter table engagement.recalculation_run add column staged_batch bigint;
comment on column engagement.recalculation_run.staged_batch is
    'Last batch of the comparison under way that has been applied; NULL: none.';
