-- Internal. Whether the caller, a procedure that commits, can: not inside a transaction block or a
-- function. The COMMIT that is tried here fails in any case, because an exception block is a
-- subtransaction; which of its two messages it fails with tells. Nothing has been done yet when
-- this raises. Neither definer nor SET clause: they would themselves bar COMMIT. So its operator is
-- named in full.
-- Raises: 2D000.
create or replace procedure engagement.check_commits()
language plpgsql
as $$
begin
    begin
        commit;
    exception when invalid_transaction_termination then
        if sqlerrm operator(pg_catalog.=) engagement.commit_refusal() then
            raise exception 'a procedure that commits was called inside a transaction'
                using errcode = 'invalid_transaction_termination',
                      detail = 'It works in batches and commits each batch. So it cannot be part of '
                               'a transaction (BEGIN), and no function can call it.',
                      hint = 'End the transaction, then call it alone, in autocommit. For one '
                             'customer, engagement.refresh_customer may be part of a transaction.';
        end if;
    end;
end
$$;
comment on procedure engagement.check_commits() is
    'Internal: raises 2D000 with a hint where the calling procedure could not commit.';
