-- Internal. The server's message for a COMMIT that the context forbids, in the language of its
-- messages. A function is always such a context. check_commits compares with it.
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
