-- Internal. How keys are ordered where the order counts for points: text letter by letter, because
-- languages order it otherwise on every server. expand_template puts the key itself in the place of
-- a call, with the collation if it is text.
create or replace function engagement.key_order(p_key engagement.host_key)
returns engagement.host_key
language sql
immutable
parallel safe
return p_key;
comment on function engagement.key_order(engagement.host_key) is
    'Internal: marks in a template that a key is ordered by, the same on every server.';
