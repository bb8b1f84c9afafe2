-- Internal. Subject and class as one text, of which no two pairs have the same. One key, because
-- the planner would think two of them far more selective. Inlined by the planner: keep it one
-- expression.
create or replace function engagement.subject_pair(p_subject_id text, p_subject_class text)
returns text
language sql
immutable
parallel safe
return coalesce(length(p_subject_id)::text || ':' || p_subject_id, '')
       || coalesce('=' || p_subject_class, '');
comment on function engagement.subject_pair(text, text) is
    'Internal: a subject and its class as one text that no other pair has.';
