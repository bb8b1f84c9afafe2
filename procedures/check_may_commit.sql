-- A procedure that commits cannot run inside a transaction that somebody has begun, nor inside a
-- function. PostgreSQL says so at its first COMMIT, without a way out; here it is said with one.
-- Nothing tells a procedure where it stands. But in a block with an exception clause COMMIT and
-- ROLLBACK both fail: because of the block each in words of its own, because of the transaction in
-- the same words.
-- Raises: 2D000.
create or replace function engagement.check_may_commit(p_commit_error text, p_rollback_error text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_commit_error = p_rollback_error then
        raise exception 'a recalculation cannot run inside a transaction'
            using errcode = 'invalid_transaction_termination',
                  detail = 'It commits batch by batch, and a transaction is open or a function calls.',
                  hint = 'Call it alone: commit or roll back first, and let the driver run in '
                         'autocommit.';
    end if;
end
$$;
comment on function engagement.check_may_commit(text, text) is
    'Internal: raises 2D000, with a hint, where COMMIT and ROLLBACK fail in the same words: in a '
    'transaction block or a function.';
