-- Internal. What the server says of a COMMIT where the context permits none, in the language of its
-- messages: a function is always such a context. check_commits compares with it.
create or replace function engagement.commit_refusal()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    commit;
    return null;
exception when invalid_transaction_termination then
    return sqlerrm;
end
$$;
comment on function engagement.commit_refusal() is
    'Internal: the message of a COMMIT inside a function, in the language of the server''s '
    'messages.';
