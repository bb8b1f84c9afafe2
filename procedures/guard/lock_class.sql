-- Internal. The class of the package's advisory locks, so that they meet nobody else's. Inlined by
-- the planner: keep it one expression.
create or replace function engagement.lock_class()
returns integer
language sql
immutable
parallel safe
return 1701734241;
comment on function engagement.lock_class() is
    'Internal: the first key of the package''s advisory locks.';
