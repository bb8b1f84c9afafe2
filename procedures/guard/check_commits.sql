-- Internal. Checks that the calling procedure can commit. It cannot inside a transaction block or a
-- function. The COMMIT that is tried here always fails, because an exception block is a
-- subtransaction; its message tells whether it would have failed otherwise. When this raises,
-- nothing has been done yet. The procedure is no definer and has no SET clause, because both bar
-- COMMIT. Therefore its operator is qualified.
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
    'Internal: raises 2D000 with a hint if the calling procedure cannot commit.';
