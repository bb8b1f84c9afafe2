-- Internal. A subject and its class as one text; no two pairs have the same text. It is one key,
-- because the planner would think a join by two keys far more selective. Inlined by the planner:
-- keep it one expression.
create or replace function engagement.subject_pair(p_subject_id text, p_subject_class text)
returns text
language sql
immutable
parallel safe
return coalesce(length(p_subject_id)::text || ':' || p_subject_id, '')
       || coalesce('=' || p_subject_class, '');
comment on function engagement.subject_pair(text, text) is
    'Internal: a subject and its class as one text that no other pair has.';
