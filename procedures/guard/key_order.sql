-- Internal. Orders keys where points depend on the order. Text keys are ordered by code point,
-- because the order of a language may differ between servers. expand_template replaces a call by
-- the key itself, with the collation "C" if it is text.
create or replace function engagement.key_order(p_key engagement.host_key)
returns engagement.host_key
language sql
immutable
parallel safe
return p_key;
comment on function engagement.key_order(engagement.host_key) is
    'Internal: in a template, marks a key to order by in the same order on every server.';
