-- Internal. Generates the routine of an attachment again. If that fails, because the host has
-- changed the table beyond recognition, it returns the reason. The old routine then stays; it
-- catches its own errors. A locked table is an error instead: this waits only half a second for the
-- lock, less than the server takes to find a deadlock, because the other session may be the host's
-- migration.
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
    'Internal: generates an attachment''s routine again; returns the SQLSTATE and message of an '
    'error, otherwise NULL. Raises 55P03 if its table is locked.';
