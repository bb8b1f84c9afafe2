-- Internal. A text as a regular expression that matches this text alone.
create or replace function engagement.as_pattern(p_text text)
returns text
language sql
immutable strict
parallel safe
return regexp_replace(p_text, '(\W)', '\\\1', 'g');
comment on function engagement.as_pattern(text) is
    'Internal: regular expression that matches a text and nothing else.';
