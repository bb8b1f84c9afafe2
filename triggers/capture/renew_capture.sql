-- Internal. Generates the routine of an attachment anew, and says why where that is not possible:
-- the host has changed the table beyond recognition. The routine of before then stays; whatever
-- fails in it is caught there. A table that somebody has locked is another matter: this waits half
-- a second, less than a deadlock takes to be found, because the other may be the host's migration.
-- Writes: as generate_capture. Raises: 55P03.
create or replace function engagement.renew_capture(
    p_attachment_id integer, out sqlstate_code text, out message text
)
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
    perform engagement.generate_capture(p_attachment_id);
exception
    when lock_not_available or deadlock_detected or connection_exception then
        raise;
    when others then
        sqlstate_code := sqlstate;
        message := sqlerrm;
end
$$;
comment on function engagement.renew_capture(integer) is
    'Internal: generates an attachment''s routine anew; the SQLSTATE and message of what kept it '
    'from that, else NULL. Raises 55P03 when its table is locked.';
